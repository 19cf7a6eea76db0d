import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { BenchWorld, machineLoad, rounded } from "#test/support/bench_world.ts";
import { buildAgent } from "#test/support/build_agent.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { LineReader } from "#test/support/line_reader.ts";
import { type ManyTargetsReport, addressOf, manyTargetsJob } from "#test/support/many_targets.ts";
import { sumOfMetric } from "#test/support/self_metrics_reader.ts";

const seed = "bench";
const settleMs = 5_000;

type Generator = { readonly port: string; readonly report: () => Promise<ManyTargetsReport> };

/**
 * How long does an agent take to do what a changed configuration says, and what does it cost those that did not change? The compiled agent with 30 inputs: 20 scrape jobs with 10,000
 * targets in the configuration itself, and 10 sources that tail files. In each round one of the latter gets another file: `runs_ms` is from the request to the first line of
 * that file, `answer_ms` until `POST /-/reload` says that it is done. Every second round is told by SIGHUP. `--targets`, `--jobs`, `--sources`, `--rounds`, `--warm_up` (seconds), `--agent` as in `targets`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      targets: { type: "string", default: "10000" },
      jobs: { type: "string", default: "20" },
      sources: { type: "string", default: "10" },
      rounds: { type: "string", default: "6" },
      warm_up: { type: "string", default: "60" },
      agent: { type: "string" },
    },
  });
  const world = await BenchWorld.start();
  try {
    const binary =
      values.agent === "source" ? undefined : (values.agent ?? (await buildAgent(world.folder)));
    const generator = await startTargets(world, Number(values.targets), Number(values.jobs));
    const setting = {
      logs: join(world.folder, "logs"),
      port: generator.port,
      targets: Number(values.targets),
      jobs: Number(values.jobs),
      sources: Number(values.sources),
    };
    mkdirSync(setting.logs);
    const command = binary === undefined ? undefined : [binary];
    const agent = await world.startAgent(configOf(setting, 0), command);
    console.error(`warming up for ${values.warm_up} s ...`);
    await Bun.sleep(Number(values.warm_up) * 1_000);
    const file = join(world.folder, "agent.yaml");
    const undisturbed = await watch(generator, () => Bun.sleep(settleMs));
    const rounds: Round[] = [];
    for (let round = 1; round <= Number(values.rounds); round++)
      rounds.push(await reload({ world, agent, generator, setting, file, round }));
    const worst = (of: (round: Round) => number) => rounded(Math.max(...rounds.map(of)), 1);
    const answers = rounds.flatMap(({ answerMs }) => answerMs ?? []);
    return {
      targets: setting.targets,
      inputs: setting.jobs + setting.sources,
      rounds: rounds.length,
      runs_ms: rounded(middle(rounds.map(({ runsMs }) => runsMs)), 1),
      runs_max_ms: worst(({ runsMs }) => runsMs),
      answer_ms: rounded(middle(answers), 1),
      inputs_restarted: worst(({ restarted }) => restarted),
      undisturbed_jitter_max_ms: undisturbed.maxMs,
      reload_jitter_p99_ms: worst(({ jitter }) => jitter.p99Ms),
      reload_jitter_max_ms: worst(({ jitter }) => jitter.maxMs),
      agent_kind: binary === undefined ? "source" : "compiled",
      machine_load: machineLoad(),
    };
  } finally {
    await world.stop();
  }
}

async function startTargets(world: BenchWorld, targets: number, jobs: number): Promise<Generator> {
  const child = world.spawn([
    join(import.meta.dir, "../support/many_targets.ts"),
    ...[targets, 10, 15_000].map(String),
    seed,
    "0",
    String(jobs),
  ]);
  const said = new LineReader(child.stdout);
  const port = await said.next();
  const report = async (): Promise<ManyTargetsReport> => {
    await child.stdin.write("?\n");
    await child.stdin.flush();
    return JSON.parse(await said.next());
  };
  return { port, report };
}

type Setting = {
  readonly logs: string;
  readonly port: string;
  readonly targets: number;
  readonly jobs: number;
  readonly sources: number;
};
type Round = {
  readonly runsMs: number;
  /** Absent where a signal told of it. */
  readonly answerMs: number | undefined;
  readonly restarted: number;
  readonly jitter: ManyTargetsReport;
};
type RoundParts = {
  readonly world: BenchWorld;
  readonly agent: LapwingProcess;
  readonly generator: Generator;
  readonly setting: Setting;
  readonly file: string;
  readonly round: number;
};

async function reload(parts: RoundParts): Promise<Round> {
  const { world, agent, generator, setting, file, round } = parts;
  writeFileSync(join(setting.logs, `new-${round}.log`), "the first line\n");
  const config = configOf(setting, round);
  const text = stringify({
    listen: "127.0.0.1:0",
    integrations: { detect: false },
    data_dir: join(world.folder, "agent"),
    nats: { servers: [world.nats.url] },
    ...config,
  });
  const before = await ownMetrics(agent.url);
  let [runsMs, answerMs]: [number, number | undefined] = [0, undefined];
  const jitter = await watch(generator, async () => {
    writeFileSync(file, text);
    const startedMs = performance.now();
    if (round % 2 === 0) process.kill(agent.pid, "SIGHUP");
    else {
      const answer = await fetch(new URL("/-/reload", agent.url), { method: "POST" });
      if (!answer.ok) throw new Error(`reload: ${answer.status} ${await answer.text()}`);
      answerMs = performance.now() - startedMs;
    }
    const lines = linesOf(before);
    while (linesOf(await ownMetrics(agent.url)) === lines) {
      if (performance.now() - startedMs > 60_000) throw new Error("the new file is not read");
      await Bun.sleep(10);
    }
    runsMs = performance.now() - startedMs;
    await Bun.sleep(settleMs);
  });
  const restarted = startsOf(await ownMetrics(agent.url)) - startsOf(before);
  console.error(JSON.stringify({ round, runsMs, answerMs, restarted, maxMs: jitter.maxMs }));
  return { runsMs, answerMs, restarted, jitter };
}

/** How late scrapes are while something is done. */
async function watch(generator: Generator, work: () => Promise<unknown>) {
  await generator.report();
  await work();
  return generator.report();
}

function startsOf(own: string): number {
  return sumOfMetric(own, "lapwing_source_starts_total");
}

function linesOf(own: string): number {
  return sumOfMetric(own, "lapwing_source_items_total", { source: "file_logs" });
}

async function ownMetrics(url: string): Promise<string> {
  return (await fetch(new URL("/metrics", url))).text();
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** In round n the first source reads another file than before. */
function configOf({ logs, port, targets, jobs, sources }: Setting, round: number) {
  const address = (target: number) => `${addressOf(target)}:${port}`;
  return {
    agent: { name: seed },
    scrape_configs: Array.from({ length: jobs }, (_, job) => ({
      job_name: `${manyTargetsJob}-${job}`,
      scrape_interval: "15s",
      scrape_timeout: "15s",
      static_configs: [
        {
          targets: Array.from({ length: Math.ceil((targets - job) / jobs) }, (_target, i) =>
            address(job + i * jobs),
          ),
        },
      ],
    })),
    sources: Array.from({ length: sources }, (_, i) => ({
      type: "file_logs",
      paths: [join(logs, i === 0 ? `new-${round}.log` : `${i}.log`)],
      start_at: "beginning",
    })),
  };
}
