import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { canonicalFloat, parseGoFloatText } from "#shared/text/exposition/go_float.ts";
import { type RecordedScrape, ScrapeRecorder, seriesText } from "#test/support/scrape_recorder.ts";

setDefaultTimeout(60_000);
const missing = ["prometheus", "prometheus-node-exporter"].filter(
  (name) => Bun.which(name) === null,
);
const isAble = missing.length === 0;
if (!isAble) console.warn(`scrape parity is skipped: ${missing.join(" and ")} not on PATH`);

type Server = { readonly address: string; stop(): Promise<void> };
const cleanups: (() => Promise<unknown>)[] = [];

/** Starts a server of Prometheus's family on a free port, and reads from its log where it listens. */
async function start(command: string[]): Promise<Server> {
  const process = Bun.spawn(command, { stdout: "ignore", stderr: "pipe" });
  const reader = process.stderr.getReader();
  let log = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`${command[0]} ended: ${log}`);
    log += new TextDecoder().decode(value);
    const address = /msg="Listening on" address=(\S+)/.exec(log)?.[1];
    if (address === undefined) continue;
    // Read on, so that the process never blocks on its log.
    const rest = (async () => {
      while (!(await reader.read()).done);
    })();
    const stop = async () => {
      process.kill();
      await Promise.all([process.exited, rest]);
    };
    return { address, stop };
  }
}

const SeriesAnswer = z.object({
  data: z.object({ result: z.array(z.object({ metric: z.record(z.string(), z.string()) })) }),
});

/** Texts of the series that Prometheus has now. Before version 3 it left bounds as written, so they are made canonical here. */
async function prometheusSeries(address: string, job: string): Promise<string[]> {
  const query = new URLSearchParams({ query: `{job="${job}"}` });
  const response = await fetch(`http://${address}/api/v1/query?${query.toString()}`);
  const { data } = SeriesAnswer.parse(await response.json());
  return data.result
    .map(({ metric }) => {
      for (const label of ["le", "quantile"]) {
        const bound = parseGoFloatText(metric[label] ?? "");
        if (bound !== undefined) metric[label] = canonicalFloat(bound);
      }
      return seriesText(metric, false);
    })
    .toSorted();
}

/** Texts of all series with a sample in a scrape, every label included. */
function scrapedSeries(scrape: RecordedScrape): string[] {
  const present = new Set(
    Object.entries(scrape.values)
      .filter(([, value]) => value !== "stale")
      .map(([series]) => series),
  );
  return scrape.schema.series
    .filter((labels) => present.has(seriesText(labels)))
    .map((labels) => seriesText(labels, false))
    .toSorted();
}

describe.skipIf(!isAble)("node_exporter scraped by us and by Prometheus", () => {
  let exporter: Server;
  let prometheus: Server;
  const relabelling = {
    relabel_configs: [{ source_labels: ["__address__"], regex: "(.*):\\d+", target_label: "host" }],
    metric_relabel_configs: [
      { source_labels: ["__name__"], regex: "go_memstats_.*", action: "drop" },
      {
        source_labels: ["__name__", "cpu"],
        regex: "node_cpu_seconds_total;(.*)",
        target_label: "core",
        replacement: "core-$1",
      },
      { regex: "mode", action: "labeldrop" },
      { source_labels: ["cpu"], action: "hashmod", modulus: 7, target_label: "shard" },
    ],
  };
  const clash = { labels: { device: "target", site: "here" } };
  const jobs = () => {
    const targets = [exporter.address];
    return [
      { job_name: "plain", static_configs: [{ targets }] },
      { job_name: "relabelled", static_configs: [{ targets }], ...relabelling },
      { job_name: "clash", static_configs: [{ targets, ...clash }] },
      { job_name: "honor", honor_labels: true, static_configs: [{ targets, ...clash }] },
      { job_name: "down", metrics_path: "/nothing", static_configs: [{ targets }] },
    ];
  };

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "lapwing-parity-"));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    exporter = await start(["prometheus-node-exporter", "--web.listen-address=127.0.0.1:0"]);
    cleanups.push(() => exporter.stop());
    const config = {
      global: { scrape_interval: "1s", scrape_timeout: "1s" },
      scrape_configs: jobs(),
    };
    await Bun.write(join(folder, "prometheus.yml"), JSON.stringify(config));
    prometheus = await start([
      "prometheus",
      `--config.file=${join(folder, "prometheus.yml")}`,
      "--web.listen-address=127.0.0.1:0",
      `--storage.tsdb.path=${join(folder, "data")}`,
    ]);
    cleanups.push(() => prometheus.stop());
  });
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });

  /** A series may come or go between the two scrapes: some pair of neighbours must be equal. */
  async function expectEqual(job: string, more: Record<string, unknown> = {}): Promise<number> {
    const recorder = new ScrapeRecorder();
    try {
      const config = jobs().find((each) => each.job_name === job);
      await recorder.apply([{ ...config, ...more }], { scrape_interval: "1s" });
      let ours: string[] = [];
      let theirs: string[] = [];
      for (let attempt = 0; attempt < 10; attempt++) {
        const scrape = await recorder.scrape(() => true, recorder.scrapes.length);
        ours = scrapedSeries(scrape);
        theirs = await prometheusSeries(prometheus.address, job);
        if (ours.join("\n") === theirs.join("\n")) break;
      }
      expect(ours).toEqual(theirs);
      return ours.length;
    } finally {
      await recorder.close();
    }
  }

  test("the same series by the default formats", async () => {
    expect(await expectEqual("plain")).toBeGreaterThan(300);
  });
  test("the same series by the text format", async () => {
    await expectEqual("plain", { scrape_protocols: ["PrometheusText0.0.4"] });
  });
  test("the same series by protobuf", async () => {
    await expectEqual("plain", { scrape_protocols: ["PrometheusProto"] });
  });
  test("the same series after relabelling of target and metrics", async () => {
    await expectEqual("relabelled");
  });
  test("the same series where labels clash", async () => {
    await expectEqual("clash");
  });
  test("the same series where labels clash and are honored", async () => {
    await expectEqual("honor");
  });
  test("the same reports of a target that is down", async () => {
    expect(await expectEqual("down")).toBe(5);
  });
});
