import { afterAll, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedExporter } from "#test/support/numbered.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const sampleMaxMs = 2_000;
const lineMaxMs = 1_000;
/** Half of them must be within the promise: a busy machine may hold up single ones. */
const rounds = 8;

const Streams = z.object({
  data: z.object({
    result: z.array(
      z.object({ values: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())) }),
    ),
  }),
});

type Asking = ReturnType<typeof asking>;

/** From the answer to a scrape until a query tells of it, several times, ms. */
async function sampleAges(lapwing: Asking, exporter: NumberedExporter): Promise<number[]> {
  const ages: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const number = exporter.servedMs.length + 1;
    await until(`sample ${number}`, async () => {
      const [sample] = await lapwing.promql("chaos_number");
      return (sample?.value ?? 0) >= number;
    });
    ages.push(Date.now() - (exporter.servedMs[number - 1] ?? 0));
  }
  return ages;
}

async function lineIsThere(lapwing: Asking, name: string, line: string): Promise<boolean> {
  const query = encodeURIComponent(`{job="${name}"} |= "${line}"`);
  const answer = await lapwing.get(`/loki/api/v1/query_range?query=${query}`);
  const { data } = Streams.parse(await answer.json());
  return data.result.some(({ values }) => values.length > 0);
}

/** From the write of a line until a query tells of it, several times, ms. */
async function lineAges(lapwing: Asking, file: string, name: string): Promise<number[]> {
  const ages: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const line = `${name} ${round} of ${rounds}`;
    const writtenMs = Date.now();
    appendFileSync(file, `${line}\n`);
    await until(line, () => lineIsThere(lapwing, name, line));
    ages.push(Date.now() - writtenMs);
  }
  return ages;
}

function expectFresh(what: string, ages: number[], maxMs: number): void {
  const sorted = ages.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const worst = sorted.at(-1) ?? 0;
  console.log(`${what}: median ${median} ms, worst ${worst} ms, promised ${maxMs} ms`);
  expect(median).toBeLessThan(maxMs);
}

/** The collecting part of a configuration, with a source and a target of its own. */
function collecting(name: string) {
  const exporter = new NumberedExporter(name);
  stage.after(() => exporter.stop());
  const file = stage.path(`${name}.txt`);
  const config = {
    sources: [{ type: "file_logs", paths: [file], job: name, start_at: "beginning" }],
    scrape_configs: [
      { job_name: name, scrape_interval: "1s", static_configs: [{ targets: [exporter.target] }] },
    ],
  };
  return { exporter, file, config };
}

async function measure(name: string, url: string, from: ReturnType<typeof collecting>) {
  const lapwing = asking(url);
  appendFileSync(from.file, "first\n");
  await until("a first sample", async () => (await lapwing.promql("chaos_number")).length === 1);
  // The file was made when the agent ran already, which finds new files less often than it reads those it has.
  await until("a first line", () => lineIsThere(lapwing, name, "first"));
  const [samples, lines] = await Promise.all([
    sampleAges(lapwing, from.exporter),
    lineAges(lapwing, from.file, name),
  ]);
  expectFresh(`${name}: a sample after its scrape`, samples, sampleMaxMs);
  expectFresh(`${name}: a line after it was written`, lines, lineMaxMs);
}

test("up: a sample is queryable within 2 s of its scrape, a line within 1 s of its write", async () => {
  const from = collecting("up");
  const config = { data_dir: stage.path("up"), ...from.config };
  const up = await stage.start({ role: "up", name: "up", config });
  await measure("up", up.url, from);
  expect(await up.end("SIGTERM")).toBe(0);
}, 60_000);

test.skipIf(natsServerPath === undefined)(
  "over NATS: a sample is queryable within 2 s of its scrape, a line within 1 s of its write (needs nats-server)",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const uplink = { servers: [nats.url] };
    const aggregator = await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: { data_dir: stage.path("aggregator"), nats: uplink },
    });
    const from = collecting("nats");
    const config = { data_dir: stage.path("agent"), nats: uplink, ...from.config };
    const agent = await stage.start({ role: "agent", name: "agent", config });
    await measure("nats", aggregator.url, from);
    expect(await agent.end("SIGTERM")).toBe(0);
    expect(await aggregator.end("SIGTERM")).toBe(0);
  },
  60_000,
);
