/**
 * How long an agent takes to run another configuration: from being told by the aggregator until
 * it runs, with `--inputs` log files and `--targets` scrape targets, of which one input changes. Tells how many inputs began anew, too.
 */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { Agent } from "#agent/agent.ts";
import { effectiveConfig } from "#agent/configuration/effective_config.ts";
import { RemoteConfiguration } from "#agent/configuration/remote_configuration.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { openLog } from "#shared/runtime/self_log_tap.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { until } from "#test/support/asking.ts";

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      inputs: { type: "string", default: "30" },
      targets: { type: "string", default: "200" },
      rounds: { type: "string", default: "20" },
    },
  });
  const [inputs, targets, rounds] = [values.inputs, values.targets, values.rounds].map(Number);
  const folder = await mkdtemp(join(tmpdir(), "lapwing-bench-wanted-"));
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("a 1\n") });
  try {
    const address = `127.0.0.1:${server.port}`;
    return await measure({ folder, address, inputs, targets, rounds });
  } finally {
    await server.stop(true);
    await rm(folder, { recursive: true });
  }
}

type Setup = {
  readonly folder: string;
  readonly address: string;
  readonly inputs: number | undefined;
  readonly targets: number | undefined;
  readonly rounds: number | undefined;
};

async function measure({ folder, address, inputs = 30, targets = 200, rounds = 20 }: Setup) {
  const logs = join(folder, "logs");
  mkdirSync(logs);
  const paths = Array.from({ length: inputs }, (_, i) => join(logs, `${i}.log`));
  for (const path of paths) appendFileSync(path, "a line\n");
  const file = join(folder, "agent.yaml");
  const own = { fleet: { configuration: "merged" }, data_dir: folder, sources: [] };
  writeFileSync(file, stringify({ ...own, integrations: { detect: false } }));
  const wantedOf = (round: number) => {
    const sources = paths.map((path, i) => ({
      type: "file_logs",
      name: `input-${i}`,
      paths: [path],
      start_at: "beginning",
      ...(i === 0 && { labels: { round: String(round) } }),
    }));
    const all = Array.from({ length: targets }, (_, i) => `target ${i}`);
    const jobs = [0, 1, 2, 3].map((job) => ({
      job_name: `job-${job}`,
      scrape_interval: "5s",
      static_configs: all
        .filter((_, i) => i % 4 === job)
        .map((_, i) => ({ targets: [address], labels: { n: String(i) } })),
    }));
    const text = stringify({ sources, scrape_configs: jobs });
    return { id: `round-${round}`, layers: [{ name: "bench", revision: String(round), text }] };
  };
  const log = openLog("error");
  const { remote, config } = await RemoteConfiguration.open({
    folder,
    source: "merged",
    effective: (wanted) => effectiveConfig({ config: file }, wanted),
    clock: systemClock,
    log,
  });
  const parts = { clock: systemClock, log, metrics: createSelfMetrics(), selfLogs: log.tap };
  const agent = await Agent.open(config, { ...parts, uplink: "embedded", remote });
  try {
    await agent.start("");
    const heartbeat = () => agent.port.heartbeat();
    remote.start({ reload: (next) => agent.reload(next), heartbeat });
    const change = async (round: number): Promise<number> => {
      const startMs = performance.now();
      remote.told(wantedOf(round));
      while (remote.state().runningId !== `round-${round}`) await Bun.sleep(1);
      return performance.now() - startMs;
    };
    await change(0);
    // An input that began anew has read nothing yet; those that ran on have.
    const reading = () =>
      heartbeat().sources.filter((one) => one.type === "file_logs" && one.items > 0);
    await until("all inputs read", () => reading().length === inputs);
    const times: number[] = [];
    const restarted: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      times.push(await change(round));
      restarted.push(inputs - reading().length);
      appendFileSync(paths[0] ?? "", "a line\n");
      await until("the changed input reads", () => reading().length === inputs);
    }
    const sorted = times.toSorted((a, b) => a - b);
    return {
      inputs,
      targets,
      rounds,
      applied_ms_p50: rounded(sorted[Math.floor(sorted.length / 2)]),
      applied_ms_max: rounded(sorted.at(-1)),
      inputs_restarted: Math.max(...restarted),
      load: loadavg()[0],
    };
  } finally {
    await remote.stop();
    await agent.stop();
  }
}

function rounded(ms: number | undefined): number {
  return Math.round((ms ?? Number.NaN) * 10) / 10;
}
