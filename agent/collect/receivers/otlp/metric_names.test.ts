import { expect, test } from "bun:test";
import { labelName } from "./label_names.ts";
import { type NamedMetric, metricName, translationStrategies } from "./metric_names.ts";
import { unitText } from "./unit_names.ts";

type Row = readonly [name: string, unit: string, kind: NamedMetric["kind"], expected: string];

// The cases are those that prometheus/otlptranslator distinguishes, in words of our own.
const tables: Readonly<Record<(typeof translationStrategies)[number], readonly Row[]>> = {
  UnderscoreEscapingWithSuffixes: [
    ["http.server.request.duration", "s", "other", "http_server_request_duration_seconds"],
    ["requests.count", "1", "counter", "requests_count_total"],
    ["system.memory.usage", "By", "gauge", "system_memory_usage_bytes"],
    ["speed", "m/s", "gauge", "speed_meters_per_second"],
    ["queue", "1", "gauge", "queue_ratio"],
    ["queue", " 1 ", "gauge", "queue"],
    ["queue", "1", "other", "queue"],
    ["cpu_usage_ratio", "1", "gauge", "cpu_usage_ratio"],
    ["ratio.of.hits", "1", "gauge", "of_hits_ratio"],
    ["packets", "{packet}", "counter", "packets_total"],
    ["packets", "{packet}/s", "counter", "packets_per_second_total"],
    ["packets", "By/{packet}", "gauge", "packets_bytes"],
    ["packets", "By{packet}", "gauge", "packets"],
    ["seconds_of_total_use", "s", "counter", "seconds_of_use_total"],
    ["a..b__c-", "", "other", "a_b_c"],
    ["load:5m", "", "gauge", "load:5m"],
    ["1st", "", "gauge", "_1st"],
    ["t", "Cel", "gauge", "t_celsius"],
    ["t", "kBy", "gauge", "t_kilobytes"],
    ["t", "KBy", "gauge", "t_kilobytes"],
    ["t", "MBy/mo", "gauge", "t_megabytes_per_month"],
    ["t", "a/b/c", "gauge", "t_a_per_b_c"],
    ["t", "unit@with#odd/chars", "gauge", "t_unit_with_odd_per_chars"],
    ["t", "u__w__x", "gauge", "t_u_w_x"],
    ["t", "@x@", "gauge", "t_x_"],
    ["t", "x@/s", "gauge", "t_x_per_second"],
    ["t", "s/@", "gauge", "t_seconds"],
    ["t", "°C", "gauge", "t_C"],
    // The name has the tokens "per" and "second", but not "per_second".
    ["rate_per_second", "1/s", "gauge", "rate_per_second_per_second"],
    ["___", "s", "gauge", "seconds"],
    ["", "", "counter", "total"],
  ],
  UnderscoreEscapingWithoutSuffixes: [
    ["http.server.duration", "s", "other", "http_server_duration"],
    ["requests", "1", "counter", "requests"],
    ["queue", "1", "gauge", "queue"],
    ["a@@b##c", "", "gauge", "a_b_c"],
    ["a__b_", "", "gauge", "a__b_"],
    ["5xx", "", "counter", "_5xx"],
    ["___", "", "gauge", "___"],
  ],
  NoUTF8EscapingWithSuffixes: [
    ["http.server.duration", "s", "other", "http.server.duration_seconds"],
    ["http.server.duration.seconds", "s", "other", "http.server.duration.seconds"],
    ["requêsts", "", "counter", "requêsts_total"],
    ["requests.total", "", "counter", "requests_total"],
    ["process.cpu.seconds.total", "s", "counter", "process.cpu.seconds_total"],
    ["cpu_usagé", "1", "gauge", "cpu_usagé_ratio"],
    ["hit.ratio", "1", "gauge", "hit_ratio"],
    ["flow", "By/s", "counter", "flow_bytes_per_second_total"],
    ["flow.per_second", "1/s", "gauge", "flow_per_second"],
    ["t", "°C", "gauge", "t_°C"],
    ["total", "", "counter", "total_total"],
    ["日total", "", "counter", "日total_total"],
    ["a日total", "", "counter", "a_total"],
    ["5xx", "", "counter", "5xx_total"],
  ],
  NoTranslation: [
    ["http.server.duration", "s", "other", "http.server.duration"],
    ["requêsts", "1", "counter", "requêsts"],
    ["5xx", "", "counter", "5xx"],
  ],
};

for (const strategy of translationStrategies)
  test(`metricName() by ${strategy}`, () => {
    for (const [name, unit, kind, expected] of tables[strategy])
      expect([name, unit, metricName({ name, unit, kind }, strategy)]).toEqual([
        name,
        unit,
        expected,
      ]);
  });
const gauge = (name: string) => ({ name, unit: "", kind: "gauge" }) as const;
test("metricName() refuses a name of which nothing is left", () => {
  for (const name of ["___", "", "@#$%", "日本"])
    expect(() => metricName(gauge(name), "UnderscoreEscapingWithSuffixes")).toThrow("empty");
  expect(() => metricName(gauge("@_#_$"), "UnderscoreEscapingWithoutSuffixes")).toThrow(
    "underscores",
  );
  for (const strategy of translationStrategies)
    expect(() => metricName(gauge(""), strategy)).toThrow("empty");
});
test("unitText() names units as metadata does", () => {
  const rows = [
    ["By/s", "bytes_per_second"],
    ["1", ""],
    ["1/s", "per_second"],
    ["{x}", ""],
    ["By/{x}", "bytes"],
    ["u__w", "u_w"],
    ["@x@", "x"],
  ] as const;
  for (const [unit, expected] of rows) expect([unit, unitText(unit)]).toEqual([unit, expected]);
});

const rules = (sanitizesUnderscore: boolean, preservesUnderscores: boolean, escapes = true) => ({
  escapes,
  sanitizesUnderscore,
  preservesUnderscores,
});
test("labelName() by each rule of underscores", () => {
  // name, as by default, without "key" in front, with underscores in a row made one, and both
  const rows = [
    ["http.method", "http_method", "http_method", "http_method", "http_method"],
    ["a:b", "a_b", "a_b", "a_b", "a_b"],
    ["9lives", "key_9lives", "key_9lives", "key_9lives", "key_9lives"],
    ["_x", "key_x", "_x", "key_x", "_x"],
    [".x", "key_x", "_x", "key_x", "_x"],
    ["__x", "__x", "__x", "key_x", "_x"],
    ["__a__b__", "__a__b__", "__a__b__", "__a_b__", "__a_b__"],
    ["a.__b", "a___b", "a___b", "a_b", "a_b"],
    ["name_字符", "name___", "name___", "name_", "name_"],
    ["a_😀", "a__", "a__", "a_", "a_"],
  ] as const;
  for (const [name, ...expected] of rows)
    expect([
      name,
      labelName(name, rules(true, true)),
      labelName(name, rules(false, true)),
      labelName(name, rules(true, false)),
      labelName(name, rules(false, false)),
    ]).toEqual([name, ...expected]);
});
test("labelName() leaves names as they are where nothing is escaped", () => {
  for (const name of ["http.method", "字", "9", "_x"])
    expect(labelName(name, rules(true, true, false))).toBe(name);
});
test("labelName() refuses names that are empty or only underscores", () => {
  for (const name of ["", "__", "字符"])
    expect(() => labelName(name, rules(false, true))).toThrow("attribute name");
  expect(() => labelName("__", rules(true, true, false))).toThrow("attribute name");
});
