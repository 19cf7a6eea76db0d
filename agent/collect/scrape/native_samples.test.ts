import { expect, test } from "bun:test";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { GlobalConfig, ScrapeConfigs } from "./config.ts";
import { type Job, resolveJob } from "./job.ts";
import { TargetSeries } from "./target_series.ts";

function jobOf(more: Record<string, unknown>, global: Record<string, unknown> = {}): Job {
  const [config] = ScrapeConfigs.parse([{ job_name: "j", ...more }]);
  if (config === undefined) throw new Error("no job");
  return resolveJob(GlobalConfig.parse(global), config);
}

const message = (field: number, bytes: number[]) => [field * 8 + 2, bytes.length, ...bytes];

test("resolveJob() asks for protobuf first where native histograms are wanted, unless told otherwise", () => {
  const scrape_native_histograms = true;
  expect(jobOf({}).scrape_protocols).not.toContain("PrometheusProto");
  expect(jobOf({ scrape_native_histograms }).scrape_protocols[0]).toBe("PrometheusProto");
  expect(jobOf({}, { scrape_native_histograms }).scrape_protocols[0]).toBe("PrometheusProto");
  const text = jobOf({ scrape_native_histograms, scrape_protocols: ["PrometheusText0.0.4"] });
  expect(text.scrape_protocols).toEqual(["PrometheusText0.0.4"]);
});

test("native histograms are taken where the job asks for them, and end with a stale marker", async () => {
  const histogram = message(7, [8, 3, 40, 0, ...message(12, [8, 2, 16, 1]), 104, 6]);
  const family = [...message(1, [0x6e]), 24, 4, ...message(4, histogram)];
  const body = Uint8Array.from([family.length, ...family]);
  const series = new TargetSeries({}, jobOf({ scrape_native_histograms: true }));
  const samples = new SampleColumns();
  const wanted = { native: true, classic: false };
  series.parse(body, "protobuf", samples, wanted);
  expect(series.append(samples, 5)).toMatchObject({ samples: 1, kept: 1, added: 1 });
  const batch = series.take(5, []);
  const column = batch.schema.series.findIndex(({ __name__: name }) => name === "n");
  expect(batch.histograms).toMatchObject({
    columns: Uint32Array.of(column),
    timestampsMs: Float64Array.of(5),
    histograms: [{ count: 3, positive: { indices: Int32Array.of(1), counts: Float64Array.of(3) } }],
  });
  const [row] = batch.rows;
  expect(isAbsent(wordsOf(row?.values ?? new Float64Array(0)), column)).toBe(true);
  series.fail();
  const ended = series.take(6, []);
  expect(ended.histograms).toBeUndefined();
  expect(isStale(wordsOf(ended.rows[0]?.values ?? new Float64Array(0)), column)).toBe(true);
});
