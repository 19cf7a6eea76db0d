import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { z } from "zod";
import { UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { MetricPeer, hasPeer } from "#test/support/metric_peers.ts";
import { generatedRules } from "#test/support/rule_generator.ts";

const samplesAHost = 507;
const lookEveryMs = 1_000;

const Groups = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        name: z.string(),
        evaluationTime: z.number(),
        lastEvaluation: z.string(),
        rules: z.array(z.object({ name: z.string(), lastError: z.string().default("") })),
      }),
    ),
  }),
});

type Rated = { url: string; cpuSeconds(): number; residentBytes(): number; peakBytes(): number };

/**
 * What do rules cost? Virtual hosts send 507 series each by remote write every 15 s to an `up` and, where it is installed, to a
 * Prometheus beside it, both with the same files: 1,000 alerting and 500 recording rules in groups of 30, each evaluated every 15 s. CPU is that of the whole
 * process at steady state, in percent of a core, and of the same process without rules; p99 is of the evaluations of groups.
 * `--hosts`, `--alerts`, `--records`, `--seconds` (of each phase), `--warm_up`, `--peers ''` for none.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "20" },
      alerts: { type: "string", default: "1000" },
      records: { type: "string", default: "500" },
      seconds: { type: "string", default: "120" },
      warm_up: { type: "string", default: "60" },
      peers: { type: "string", default: "prometheus" },
    },
  });
  const [hosts, seconds, warmUp] = [values.hosts, values.seconds, values.warm_up].map(Number);
  const folder = await mkdtemp(join(tmpdir(), "lapwing-bench-rules-"));
  const file = join(folder, "rules.yaml");
  const rules = generatedRules(hosts ?? 1, Number(values.alerts), Number(values.records));
  await writeFile(file, stringify({ groups: [] }));
  const wantsPeer = values.peers.includes("prometheus") && hasPeer("prometheus");
  const lapwing = await startUp(folder, file);
  const peer = wantsPeer ? await MetricPeer.start("prometheus", { rules: file }) : undefined;
  const rated: readonly Rated[] = [lapwing, ...(peer === undefined ? [] : [peer])];
  // It ends with this process's end of the bench, not by itself.
  const pacer = startPacer(
    hosts ?? 1,
    rated.map(({ url }) => `${url.replace(/\/$/, "")}/api/v1/write`),
  );
  try {
    console.error("without rules ...");
    const idle = await measure(rated, warmUp ?? 0, seconds ?? 0);
    await writeFile(file, stringify({ groups: rules }));
    for (const { url } of rated) await reload(url);
    console.error("with rules ...");
    const busy = await measure(rated, warmUp ?? 0, seconds ?? 0);
    const [own, other] = busy.map((one, i) => ({
      ...one,
      idle_cpu_percent: idle[i]?.cpu_percent,
      rules_cpu_percent: rounded(one.cpu_percent - (idle[i]?.cpu_percent ?? 0), 2),
    }));
    return {
      series: (hosts ?? 1) * samplesAHost,
      alerting: Number(values.alerts),
      recording: Number(values.records),
      ...own,
      ...(other !== undefined && { prometheus: other }),
      machine_load: machineLoad(),
    };
  } finally {
    pacer.kill("SIGKILL");
    await lapwing.end("SIGKILL");
    await peer?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function startUp(folder: string, file: string): Promise<LapwingProcess> {
  const rules = { files: [file], evaluation_interval: "15s" };
  const config = { data_dir: join(folder, "data"), sources: [], rules };
  return LapwingProcess.start({ role: "up", name: "up", folder, config });
}

function startPacer(hosts: number, urls: readonly string[]): Bun.Subprocess {
  const file = join(import.meta.dir, "../support/remote_write_pacer.ts");
  const given = [String(hosts), "1000000", "15", ...urls];
  return Bun.spawn([process.execPath, file, ...given], { stdout: "ignore", stderr: "inherit" });
}

async function reload(url: string): Promise<void> {
  const answer = await fetch(new URL("/-/reload", url), { method: "POST" });
  if (!answer.ok) throw new Error(`${url}: ${await answer.text()}`);
}

async function measure(rated: readonly Rated[], warmUp: number, seconds: number) {
  await Bun.sleep(1_000 * warmUp);
  const meters = rated.map((one) => new UsageMeter(one));
  const times = rated.map(() => new Map<string, number>());
  const failed = new Set<string>();
  const startedMs = performance.now();
  while (performance.now() - startedMs < 1_000 * seconds) {
    await Bun.sleep(Math.min(lookEveryMs, 100 * seconds));
    for (const [i, { url }] of rated.entries()) {
      meters[i]?.look();
      // Looking costs something, too: seldom.
      if (Math.random() > 0.1) continue;
      const answer = await fetch(new URL("/api/v1/rules?exclude_alerts=true", url));
      for (const group of Groups.parse(await answer.json()).data.groups) {
        times[i]?.set(`${group.name} ${group.lastEvaluation}`, group.evaluationTime);
        for (const { name, lastError } of group.rules)
          if (lastError !== "") failed.add(`${url} ${name}: ${lastError}`);
      }
    }
  }
  const tookSeconds = (performance.now() - startedMs) / 1_000;
  if (failed.size > 0) throw new Error([...failed].slice(0, 5).join("\n"));
  return rated.map((one, i) => {
    const sorted = [...(times[i]?.values() ?? [])].toSorted((a, b) => a - b);
    return {
      cpu_percent: rounded((100 * (meters[i]?.usage().cpuSeconds ?? 0)) / tookSeconds, 2),
      rss_mb: meters[i]?.usage().residentMb ?? 0,
      peak_rss_mb: rounded(one.peakBytes() / 1e6, 1),
      evaluations: sorted.length,
      group_p50_ms: rounded(1_000 * (sorted[Math.floor(sorted.length / 2)] ?? 0), 1),
      group_p99_ms: rounded(1_000 * (sorted[Math.floor(0.99 * sorted.length)] ?? 0), 1),
    };
  });
}
