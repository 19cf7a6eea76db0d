import { expect, test } from "bun:test";
import { parseConfig } from "#shared/runtime/config/config.ts";
import { ReceiversConfig } from "./config.ts";
import { receivers } from "./registry.ts";

test("each receiver stands in the registry under its own type, and is on or off by itself as it says", () => {
  const named = Object.fromEntries(Object.keys(receivers).map((type) => [type, {}]));
  const all = ReceiversConfig.parse(named);
  expect([...all.bound.keys()]).toEqual(Object.keys(receivers));
  const off = Object.keys(receivers).filter((type) => !ReceiversConfig.parse({}).bound.has(type));
  expect(off).toEqual(["collectd", "graphite", "statsd"]);
});

test("mistakes in a section are shown at their lines, those of processors, too", () => {
  const text = [
    "loki:",
    "  body_size_max: [1]",
    "  processors:",
    "    - type: nothing_known",
    "influx:",
    "  processors: []",
    "syslog: {tls_listen: ':1'}",
    "unheard_of: {}",
    "",
  ].join("\n");
  const message = () => parseConfig(ReceiversConfig, { name: "a.yaml", text, overrides: [] });
  let shown = "";
  try {
    message();
  } catch (thrown) {
    shown = String(thrown);
  }
  for (const line of [
    "a.yaml:2: loki.body_size_max is [1]: ",
    'a.yaml:4: loki.processors.0.type is "nothing_known": expected one of ',
    "a.yaml:6: influx.processors is []: no such key",
    "a.yaml:7: syslog.tls is nothing: expected cert_file and key_file, because tls_listen is given",
    "a.yaml:8: unheard_of is {}: no such key",
  ])
    expect(shown).toContain(line);
});

const rule = (regex: string) => ({ syslog: { relabel_configs: [{ regex, action: "drop" }] } });

test("a section is told from another by its text, and shown as it is in effect", () => {
  const [a, b, same] = [rule("a"), rule("b"), rule("a")].map(
    (config) => ReceiversConfig.parse(config).bound.get("syslog")?.fingerprint,
  );
  expect(a).not.toBe(b);
  expect(a).toBe(same);
  const { bound } = ReceiversConfig.parse({ influx: { enabled: false } });
  expect(bound.get("influx")?.shown()).toMatchObject({ enabled: false, body_size_max: 33_554_432 });
});
