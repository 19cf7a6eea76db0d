import type { Collector } from "../../collector.ts";
import { familiesByKey, gauge } from "../../../../samples/family.ts";
import { readText, readTextIfReadable, wordsOfLine } from "../../text_file.ts";
import { pageSizeBytes } from "../../page_size.ts";

export const sockstat: Collector = {
  name: "sockstat",
  create({ proc }) {
    const pageBytes = pageSizeBytes();
    const familyOf = familiesByKey((key) =>
      gauge(`node_sockstat_${key}`, `Field ${key} of the kernel's socket statistics.`),
    );
    return (sink) => {
      // A host without IPv6 has no second file.
      const v6 = readTextIfReadable(`${proc}/net/sockstat6`) ?? "";
      for (const { key, value } of parseSockstat(readText(`${proc}/net/sockstat`) + v6)) {
        sink.add(familyOf(key), value);
        // Memory is told in pages.
        if (key === "TCP_mem" || key === "UDP_mem") {
          sink.add(familyOf(`${key}_bytes`), value * pageBytes);
        }
      }
    };
  },
};

/** "TCP: inuse 1 mem 240" as TCP_inuse 1 and TCP_mem 240. */
export function parseSockstat(text: string): { key: string; value: number }[] {
  const found: { key: string; value: number }[] = [];
  for (const line of text.split("\n")) {
    const [protocol = "", ...pairs] = wordsOfLine(line);
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      found.push({ key: `${protocol.slice(0, -1)}_${pairs[i]}`, value: Number(pairs[i + 1]) });
    }
  }
  return found;
}
