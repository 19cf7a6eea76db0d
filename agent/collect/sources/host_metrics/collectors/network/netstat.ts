import type { Collector } from "../../collector.ts";
import { familiesByKey, untyped } from "../../../../samples/family.ts";
import { rememberedTest } from "../../filter.ts";
import { readText, readTextIfReadable, wordsOfLine } from "../../text_file.ts";

export const netstat: Collector = {
  name: "netstat",
  create({ proc }, { netstatFields }) {
    const wanted = rememberedTest(netstatFields);
    const familyOf = familiesByKey((key) =>
      untyped(`node_netstat_${key}`, `Statistic ${key} of the kernel's network stack.`),
    );
    return (sink) => {
      const pairs = readText(`${proc}/net/netstat`) + readText(`${proc}/net/snmp`);
      // A host without IPv6 has no third file.
      const v6 = readTextIfReadable(`${proc}/net/snmp6`) ?? "";
      for (const [key, value] of [...parseLinePairs(pairs), ...parseSnmp6(v6)]) {
        if (wanted(key)) sink.add(familyOf(key), value);
      }
    };
  },
};

/** Pairs of lines "Tcp: InSegs OutSegs" and "Tcp: 12 13" as Tcp_InSegs 12, Tcp_OutSegs 13. */
export function parseLinePairs(text: string): [key: string, value: number][] {
  const lines = text.split("\n");
  const found: [string, number][] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [protocol = "", ...names] = wordsOfLine(lines[i] ?? "");
    const [, ...values] = wordsOfLine(lines[i + 1] ?? "");
    const prefix = protocol.slice(0, -1);
    names.forEach((name, at) => found.push([`${prefix}_${name}`, Number(values[at])]));
  }
  return found;
}

/** Lines "Udp6InErrors 3" as Udp6_InErrors 3. */
export function parseSnmp6(text: string): [key: string, value: number][] {
  const found: [string, number][] = [];
  for (const line of text.split("\n")) {
    const [name, value] = wordsOfLine(line);
    const protocolEnd = (name ?? "").indexOf("6") + 1;
    if (name === undefined || value === undefined || protocolEnd === 0) continue;
    found.push([`${name.slice(0, protocolEnd)}_${name.slice(protocolEnd)}`, Number(value)]);
  }
  return found;
}
