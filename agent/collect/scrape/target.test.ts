import { expect, test } from "bun:test";
import { costlyLine, costlyPattern } from "#test/support/costly_line.ts";
import { GlobalConfig, ScrapeConfigs } from "./config.ts";
import { resolveJob } from "./job.ts";
import { formatOf, scrapeHeaders } from "./scrape_request.ts";
import { sampleLabels } from "./sample_labels.ts";
import { buildTarget, nextTick, offsetMs, shownLabels, shownUrl, tickAhead } from "./target.ts";

const jobOf = (more: Record<string, unknown> = {}) => {
  const [config] = ScrapeConfigs.parse([{ job_name: "j", ...more }]);
  if (config === undefined) throw new Error("no config");
  return resolveJob(GlobalConfig.parse({}), config);
};
const build = (labels: Record<string, string>, more: Record<string, unknown> = {}) =>
  buildTarget(jobOf(more), labels);
const targetOf = (labels: Record<string, string>, more: Record<string, unknown> = {}) => {
  const built = build(labels, more);
  if (built.kind !== "target") throw new Error(built.reason);
  return built.target;
};

test("buildTarget() fills in job and instance, and leaves internal labels out", () => {
  const target = targetOf({ __address__: "h:1", __meta_x: "y", site: "s", empty: "" });
  expect(target).toMatchObject({
    labels: { instance: "h:1", job: "j", site: "s" },
    url: "http://h:1/metrics",
    intervalMs: 15_000,
    timeoutMs: 10_000,
  });
  expect(target.discoveredLabels).toMatchObject({
    __address__: "h:1",
    __meta_x: "y",
    __scrape_interval__: "15s",
  });
});

const set = (target_label: string, replacement: string) => ({ target_label, replacement });
test("buildTarget() takes address, scheme, path, params, interval and timeout from relabelled labels", () => {
  const target = targetOf(
    { __address__: "h:1" },
    {
      params: { a: ["1", "2"], b: ["3"] },
      relabel_configs: [
        set("__address__", "other:2"),
        set("__scheme__", "https"),
        set("__metrics_path__", "probe"),
        set("__param_a", "x y"),
        set("__param_c", "4"),
        set("__scrape_interval__", "1m"),
        set("__scrape_timeout__", "30s"),
        set("__unix_socket__", "/run/x.sock"),
        set("__tmp", "gone"),
      ],
    },
  );
  const url = new URL(target.url);
  expect(url.origin + url.pathname).toBe("https://other:2/probe");
  expect(url.searchParams.getAll("a")).toEqual(["x y", "2"]);
  expect([url.searchParams.get("b"), url.searchParams.get("c")]).toEqual(["3", "4"]);
  expect(target).toMatchObject({
    intervalMs: 60_000,
    timeoutMs: 30_000,
    unixSocket: "/run/x.sock",
  });
  expect(target.labels).toEqual({ instance: "other:2", job: "j" });
});

test.each<[string, Record<string, string>, string]>([
  ["no address", { a: "b" }, "no address"],
  ["a path in the address", { __address__: "h:1/x" }, "not a valid host name"],
  ["a bad interval", { __address__: "h:1", __scrape_interval__: "x" }, "__scrape_interval__"],
  ["a timeout over the interval", { __address__: "h:1", __scrape_timeout__: "1h" }, "longer than"],
  ["a scheme that is not HTTP", { __address__: "h:1", __scheme__: "ftp" }, "ftp"],
  ["an address that makes no URL", { __address__: "h:port" }, "makes no URL"],
])("buildTarget() drops a target with %s, and says so", (_, labels, reason) => {
  const built = build(labels);
  expect(built.kind).toBe("dropped");
  if (built.kind === "dropped") expect(built.reason).toContain(reason);
});

test("buildTarget() drops by rule without a reason", () => {
  expect(build({ __address__: "h:1" }, { relabel_configs: [{ action: "drop" }] })).toMatchObject({
    kind: "dropped",
    reason: "",
  });
});

test("offsetMs() is the same every time, within the interval, and spreads targets", () => {
  const offsets = Array.from({ length: 200 }, (_, i) =>
    offsetMs(targetOf({ __address__: `h:${i + 1}` }), "seed"),
  );
  expect(offsets).toEqual(
    Array.from({ length: 200 }, (_, i) =>
      offsetMs(targetOf({ __address__: `h:${i + 1}` }), "seed"),
    ),
  );
  expect(Math.min(...offsets)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...offsets)).toBeLessThan(15_000);
  // 200 even draws leave no third of the interval below 40 but once in many thousand seeds.
  for (const third of [0, 1, 2]) {
    expect(offsets.filter((ms) => Math.floor(ms / 5_000) === third).length).toBeGreaterThan(40);
  }
});

test("what is shown of a target hides credentials", () => {
  expect(shownUrl("http://u:pw@h:1/m?token=abc&x=1")).not.toMatch(/pw|abc/);
  expect(shownUrl("http://h:1/m?x=1")).toBe("http://h:1/m?x=1");
  const labels = shownLabels({
    __param_api_key: "abc",
    __address__: "u:pw@h:1",
    url: "http://u:pw@h/",
    job: "j",
  });
  expect(JSON.stringify(labels)).not.toMatch(/pw|abc/);
  expect(labels).toMatchObject({ __address__: "h:1", job: "j" });
});

test("scrapeHeaders() are those of Prometheus", () => {
  const headers = scrapeHeaders(jobOf(), 10_000);
  expect(headers["Accept"]).toBe(
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
  );
  expect(headers["X-Prometheus-Scrape-Timeout-Seconds"]).toBe("10");
  expect(headers["Accept-Encoding"]).toBe("gzip");
  expect(scrapeHeaders(jobOf({ enable_compression: false }), 1)["Accept-Encoding"]).toBe(
    "identity",
  );
});

test("formatOf() knows the three types, and falls back only where told", () => {
  expect(formatOf("text/plain; version=0.0.4; charset=utf-8", undefined)).toBe("prometheus");
  expect(formatOf("Application/OpenMetrics-Text; version=1.0.0", undefined)).toBe("openmetrics");
  expect(formatOf("application/vnd.google.protobuf; encoding=delimited", undefined)).toBe(
    "protobuf",
  );
  for (const type of ["", "text/html", ";;"]) {
    expect(() => formatOf(type, undefined)).toThrow("fallback_scrape_protocol");
    expect(formatOf(type, "PrometheusText0.0.4")).toBe("prometheus");
  }
});

const tickAfter = (nowMs: number, usedMs: number) => nextTick(nowMs, usedMs, 10_000, 3_000);
test("nextTick() is the one ahead, or the one that passed while its forerunner was scraped", () => {
  expect(tickAfter(50_000, 0)).toBe(53_000);
  expect(tickAfter(53_020, 53_000)).toBe(63_000);
  expect(tickAfter(52_999, 53_000)).toBe(63_000);
  expect(tickAfter(62_999, 53_000)).toBe(63_000);
  expect(tickAfter(63_000, 53_000)).toBe(63_000);
  expect(tickAfter(63_004, 53_000)).toBe(63_000);
  expect(tickAfter(67_999, 53_000)).toBe(63_000);
  expect(tickAfter(68_001, 53_000)).toBe(73_000);
  // A machine that slept makes up for nothing, and a clock that was set back begins where it is.
  expect(tickAfter(173_004, 53_000)).toBe(183_000);
  expect(tickAfter(20_000, 53_000)).toBe(23_000);
  expect(tickAhead(63_004, 53_000, 10_000, 3_000)).toBe(73_000);
});

test("a label on which a relabelling rule takes too many steps fails its target or its scrape", () => {
  const rule = { source_labels: ["x"], regex: `.*${costlyPattern}`, action: "drop" };
  const long = costlyLine(1_048_576);
  const built = build({ __address__: "h:1", x: long }, { relabel_configs: [rule] });
  expect(built).toMatchObject({
    kind: "dropped",
    reason: expect.stringContaining("takes more than 2000000 steps"),
  });
  const exposed = new Map([
    ["__name__", "up"],
    ["x", long],
  ]);
  const job = jobOf({ metric_relabel_configs: [rule] });
  expect(() => sampleLabels(exposed, {}, job)).toThrow("takes more than 2000000 steps");
});
