import { afterAll, expect, test } from "bun:test";
import { z } from "zod";
import { putBlock, putTimeSeries } from "#aggregator/api/routes/prometheus/remote_read/messages.ts";
import { ByteWriter } from "#proto/codec/byte_writer.ts";
import { packSnappy } from "#proto/codec/snappy_block.ts";
import { customSchema, denseBuckets, emptyHistogram } from "#shared/model/histogram.ts";
import { until } from "#test/support/asking.ts";
import { prometheusProgram, startPrometheus } from "#test/support/prometheus.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

if (prometheusProgram === null) console.warn("skipped: needs an installed prometheus");

test.skipIf(prometheusProgram === null)(
  "a Prometheus that takes native histograms federates them from Lapwing, and numbers beside them",
  async () => {
    const config = { data_dir: stage.path("data"), sources: [] };
    const lapwing = await stage.start({ role: "up", name: "up", config });
    const url = lapwing.url.replace(/\/$/, "");
    const timeMs = Date.now();
    const written = await fetch(`${url}/api/v1/write`, {
      method: "POST",
      body: histogramsBody(timeMs),
      headers: { "content-encoding": "snappy", "content-type": "application/x-protobuf" },
    });
    expect(written.status).toBe(204);
    const Vector = z.object({
      data: z.object({
        result: z.array(
          z.object({
            metric: z.record(z.string(), z.string()),
            histogram: z.tuple([z.number(), z.unknown()]).optional(),
            value: z.tuple([z.number(), z.string()]).optional(),
          }),
        ),
      }),
    });
    const shown = async (base: string, query: string) => {
      const path = `${base}/api/v1/query?query=${encodeURIComponent(query)}`;
      return Vector.parse(await (await fetch(path)).json())
        .data.result.map(({ metric, histogram, value }) => ({
          kind: metric["kind"] ?? metric["le"] ?? "",
          shown: histogram?.[1] ?? value?.[1],
        }))
        .toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
    };
    const ours = await until("the histograms", async () => {
      const found = await shown(url, 'sizes{kind!="custom"}');
      return found.length === 3 && found;
    });
    expect(ours).toMatchObject([
      { kind: "empty", shown: { count: "0" } },
      { kind: "signed", shown: { count: "17", sum: "-3.25" } },
      { kind: "value", shown: "7" },
    ]);
    const prometheus = await startPrometheus(
      stage.path("federation"),
      {
        scrape_configs: [
          {
            job_name: "federation",
            honor_labels: true,
            scrape_interval: "1s",
            metrics_path: "/federate",
            params: { "match[]": ['{job="sized"}'] },
            static_configs: [{ targets: [new URL(url).host] }],
          },
        ],
      },
      ["--enable-feature=native-histograms"],
    );
    try {
      const theirs = await until("federated histograms", async () => {
        const found = await shown(prometheus.url, "sizes");
        return found.length === 3 && found;
      });
      expect(rounded(theirs)).toEqual(rounded(ours));
      const time = await shown(prometheus.url, 'timestamp(sizes{kind="value"})');
      expect(time).toEqual([{ kind: "value", shown: `${timeMs / 1_000}` }]);
      // Custom buckets are classic ones there.
      expect(await shown(prometheus.url, "sum by (le) (sizes_bucket)")).toEqual([
        { kind: "+Inf", shown: "4" },
        { kind: "0.5", shown: "1" },
        { kind: "2.0", shown: "1" },
      ]);
      expect(await shown(prometheus.url, "sizes_count")).toEqual([{ kind: "custom", shown: "4" }]);
    } finally {
      await prometheus.stop();
    }
  },
  60_000,
);

/** Versions differ in the last digit of a bucket's bound. */
function rounded(result: unknown): unknown {
  return JSON.parse(JSON.stringify(result), (_, value: unknown) =>
    typeof value === "string" && /^-?[\d.]+$/.test(value) ? Number(value).toPrecision(12) : value,
  );
}

/** A write request of one sample of `sizes` for each kind: exponential buckets, none, custom ones, and a number. */
function histogramsBody(timeMs: number): Uint8Array<ArrayBuffer> {
  const signed = {
    ...emptyHistogram,
    schema: 2,
    zeroThreshold: 0.001,
    zeroCount: 2,
    count: 17,
    sum: -3.25,
    positive: denseBuckets(-3, [1, 2, 0, 0, 4]),
    negative: denseBuckets(4, [3, 0, 5]),
  };
  const custom = {
    ...emptyHistogram,
    schema: customSchema,
    customValues: [0.5, 2],
    count: 4,
    sum: 10,
    positive: denseBuckets(0, [1, 0, 3]),
  };
  const [out, series, scratch] = [new ByteWriter(), new ByteWriter(), new ByteWriter()];
  for (const [kind, histogram] of Object.entries({
    signed,
    empty: { ...emptyHistogram, zeroThreshold: 2 ** -128 },
    custom,
    value: undefined,
  })) {
    series.clear();
    const labels = { __name__: "sizes", kind, job: "sized" };
    const sample = { timestampsMs: Float64Array.of(timeMs), values: Float64Array.of(7) };
    putTimeSeries(series, { labels, ...sample, histograms: [histogram] }, scratch);
    putBlock(out, 1, series.written());
  }
  return packSnappy(out.written());
}
