import { expect, test } from "bun:test";
import { join } from "node:path";
import { runScript } from "./promql_runner.ts";

const file = join(import.meta.dir, "..", "..", "agent", "probes", "rules.yaml");

/** Expressions of the alerts by name, each on one line. */
async function alerts(): Promise<Map<string, string>> {
  const text = await Bun.file(file).text();
  const found = text.matchAll(/- alert: (\w+)\n\s+expr: (?:>-\n)?((?:.|\n)*?)\n\s+for:/g);
  return new Map(
    [...found].map(([, name = "", expr = ""]) => [name, expr.replaceAll(/\s+/g, " ").trim()]),
  );
}

/** Three agents and what they see: a target that is down, one that two of three do not reach, one that one does not, and one that is gone. */
const load = `load 1m
  probe_success{probe="web", instance="down", vantage="a"} 0x30
  probe_success{probe="web", instance="down", vantage="b"} 0x30
  probe_success{probe="web", instance="most", vantage="a"} 0x30
  probe_success{probe="web", instance="most", vantage="b"} 0x30
  probe_success{probe="web", instance="most", vantage="c"} 1x30
  probe_success{probe="web", instance="one", vantage="a"} 0x30
  probe_success{probe="web", instance="one", vantage="b"} 1x30
  probe_success{probe="web", instance="one", vantage="c"} 1x30
  probe_success{probe="web", instance="well", vantage="a"} 1x30
  probe_success{probe="web", instance="gone", vantage="a"} 1x15
  probe_ssl_earliest_cert_expiry{probe="web", instance="well", vantage="a"} 865800x30
  probe_ssl_earliest_cert_expiry{probe="web", instance="one", vantage="b"} 9999999x30
`;

const wanted: Readonly<Record<string, string>> = {
  ProbeDownEverywhere: '{probe="web", instance="down"} 0',
  ProbeDownForQuorum: '{probe="web", instance="most"} 0.3333333333333333',
  ProbeFailsFromVantage: 'probe_success{probe="web", instance="one", vantage="a"} 0',
  ProbeNotRun: '{probe="web", instance="gone"} 1',
  ProbeCertificateExpiresSoon: '{probe="web", instance="well"} 10',
};

test("each rule about probes fires for the failure that it is about, and for no other", async () => {
  const rules = await alerts();
  expect([...rules.keys()].toSorted()).toEqual(Object.keys(wanted).toSorted());
  const evals = [...rules].map(
    ([name, expr]) => `eval instant at 30m ${expr}\n  ${wanted[name] ?? ""}\n`,
  );
  const { failures, passed } = await runScript("rules.yaml", `${load}\n${evals.join("\n")}`);
  expect(failures).toEqual([]);
  expect(passed).toBe(rules.size);
});
