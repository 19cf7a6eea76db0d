import { parseArgs } from "node:util";
import { GlobalConfig, ScrapeConfigs } from "#agent/collect/scrape/config.ts";
import { httpGet } from "#agent/collect/http/http_client.ts";
import { type Job, resolveJob } from "#agent/collect/scrape/job.ts";
import { formatOf, scrapeHeaders } from "#agent/collect/scrape/scrape_request.ts";
import { TargetSeries } from "#agent/collect/scrape/target_series.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";

/**
 * What does one sample of a repeat scrape cost? CPU of this process alone, for the whole way from the request to the batch and for
 * parsing and appending alone; the target is another process. `--series`, `--rounds`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      series: { type: "string", default: "5000" },
      rounds: { type: "string", default: "300" },
    },
  });
  const [series, rounds] = [Number(values.series), Number(values.rounds)];
  const [config] = ScrapeConfigs.parse([{ job_name: "bench" }]);
  if (config === undefined) throw new Error("no scrape config");
  const job = resolveJob(GlobalConfig.parse({}), config);
  const target = Bun.spawn([process.execPath, import.meta.path, String(series)], {
    stdout: "pipe",
    env: { ...process.env, LAPWING_BENCH_TARGET: "1" },
  });
  try {
    const { value: port } = await target.stdout.getReader().read();
    const url = `http://127.0.0.1:${new TextDecoder().decode(port).trim()}/metrics`;
    const whole = await measure(job, rounds, () => get(job, url));
    const answers = await Promise.all([get(job, url), get(job, url), get(job, url)]);
    const appendOnly = await measure(job, rounds, (round) => answers[round % 3] ?? answers[0]);
    return {
      series,
      rounds,
      body_bytes: answers[0].body.length,
      microseconds_a_sample: Number((whole / series).toFixed(3)),
      microseconds_a_sample_without_http: Number((appendOnly / series).toFixed(3)),
    };
  } finally {
    target.kill();
    await target.exited;
  }
}

type Answer = Awaited<ReturnType<typeof httpGet>>;

function get(job: Job, url: string): Promise<Answer> {
  return httpGet({
    url,
    headers: scrapeHeaders(job, job.timeoutMs),
    client: job,
    timeoutMs: job.timeoutMs,
    bodyBytesMax: job.body_size_limit,
    signal: new AbortController().signal,
  });
}

/** CPU microseconds of one scrape, after enough of them to warm up. */
async function measure(
  job: Job,
  rounds: number,
  answerOf: (round: number) => Answer | Promise<Answer>,
): Promise<number> {
  const known = new TargetSeries({ job: "bench", instance: "bench:1" }, job);
  const samples = new SampleColumns();
  const scrape = async (round: number) => {
    const answer = await answerOf(round);
    known.parse(answer.body, formatOf(answer.contentType, undefined), samples);
    known.append(samples, round);
    known.take(round, [1, 0, 0, 0, 0]);
  };
  for (let round = 0; round < Math.ceil(rounds / 10); round++) await scrape(round);
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) await scrape(round);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / rounds;
}

/** As the target: a body in which most values change from scrape to scrape, like counters and gauges in use. */
function serveSeries(series: number): void {
  let round = 0;
  const bodyOf = () => {
    round++;
    const lines: string[] = [];
    for (let i = 0; i < series; i++) {
      const family = Math.floor(i / 5);
      if (i % 5 === 0)
        lines.push(
          `# HELP node_metric_${family}_total What it counts.\n# TYPE node_metric_${family}_total counter\n`,
        );
      const value = i % 3 === 0 ? i : i % 3 === 1 ? i + round * 15 : (i + round) / 7;
      lines.push(
        `node_metric_${family}_total{cpu="${i % 5}",device="eth0",mode="system"} ${value}\n`,
      );
    }
    return new Response(Bun.gzipSync(lines.join("")), {
      headers: { "Content-Type": "text/plain; version=0.0.4", "Content-Encoding": "gzip" },
    });
  };
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: bodyOf });
  process.stdout.write(`${server.port}\n`);
}

if (import.meta.main && process.env["LAPWING_BENCH_TARGET"] === "1") {
  serveSeries(Number(process.argv[2]));
}
