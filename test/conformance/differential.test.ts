import { afterAll, beforeAll, expect, test } from "bun:test";
import { differences } from "#test/support/compare_answers.ts";
import {
  differentialSeries,
  scrapes,
  startMs,
  vocabulary,
} from "#test/support/differential_data.ts";
import { hasPeer } from "#test/support/metric_peers.ts";
import { PrometheusBeside, within } from "#test/support/prometheus_beside.ts";
import { RandomPromql, seededRandom } from "#test/support/random_promql.ts";

/** Another seed and more queries may be asked for; a failure names the seed. */
const seed = Number(process.env["LAPWING_SEED"] ?? 20_261_101);
const queriesMax = Number(process.env["LAPWING_QUERIES"] ?? 400);
const installed = hasPeer("prometheus");

let beside: PrometheusBeside | undefined;

beforeAll(async () => {
  if (!installed) return;
  const series = differentialSeries(seededRandom(seed));
  const part = (from: number, to: number) =>
    within(series, startMs + from * 15_000, startMs + to * 15_000);
  beside = await PrometheusBeside.open();
  // Two blocks here, requests of a sane size there.
  await beside.commit(part(0, scrapes / 2));
  await beside.commit(part(scrapes / 2, scrapes));
  for (let from = 0; from < scrapes; from += 40) await beside.write(part(from, from + 40));
}, 60_000);

afterAll(() => beside?.close());

test.skipIf(!installed)(
  `Prometheus gives the same answers to ${queriesMax} generated queries (Debian's package prometheus must be installed)`,
  async () => {
    const random = seededRandom(seed + 1);
    const generator = new RandomPromql(random, vocabulary);
    const failed: string[] = [];
    let answered = 0;
    for (let i = 0; i < queriesMax; i++) {
      const query = generator.vector(1 + Math.floor(random() * 3));
      const path = pathOf(query, random() < 0.5, 7 + Math.floor(random() * 100));
      const { theirs, ours } = (await beside?.answers(path)) ?? {};
      const { reasons, samples } = differences(theirs, ours);
      if (samples > 0) answered++;
      if (reasons.length > 0)
        failed.push(`${path}\n${query}\n  ${reasons.slice(0, 3).join("\n  ")}`);
    }
    expect(failed, `seed ${seed}`).toEqual([]);
    // Queries that find nothing prove little.
    expect(answered).toBeGreaterThan(queriesMax / 2);
  },
  120_000,
);

/** Seven seconds past a minute: the steps of subqueries lie on whole half minutes, so no window ends on one of them. */
function pathOf(query: string, instant: boolean, minute: number): string {
  const fromSeconds = Math.floor(startMs / 60_000) * 60 + minute * 60 + 7;
  const text = encodeURIComponent(query);
  if (instant) return `/query?query=${text}&time=${fromSeconds}`;
  return `/query_range?query=${text}&start=${fromSeconds}&end=${fromSeconds + 1_200}&step=60`;
}
