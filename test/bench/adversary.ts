import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { type Attack, victimLines, victimSeries } from "#test/adversary/attack.ts";
import { attacks } from "#test/adversary/attacks.ts";
import { RunningVictim, type VictimSize } from "#test/adversary/victim.ts";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { LineReader } from "#test/support/line_reader.ts";

/** What must hold while anybody sends what is in test/adversary. */
const limits = { p99HealthMs: 100, maxStallMs: 500, peakRssMb: 1_500 };

const HealthPeriod = z.strictObject({
  name: z.string(),
  requests: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
  failed: z.number(),
});

/**
 * What do other clients notice during an attack? A `lapwing up` with data is sent each attack, one after the other, then all at
 * once ("all"). Meanwhile another process asks `/-/healthy` every 20 ms. A killed victim is restarted for the next attack.
 * `--checkout FOLDER` attacks another version, `--only NAME,NAME`, `--series`, `--lines`, `--seconds` (for each attack at most).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      checkout: { type: "string", default: resolve(import.meta.dir, "../..") },
      only: { type: "string", default: "" },
      series: { type: "string", default: String(victimSeries) },
      lines: { type: "string", default: String(victimLines) },
      seconds: { type: "string", default: "90" },
    },
  });
  const size = { series: Number(values.series), lines: Number(values.lines) };
  const named = values.only.split(",").filter((name) => name !== "");
  const known = attacks.map(({ name }) => name);
  const unknown = named.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no attack ${unknown.join()}: one of ${known.join()}`);
  const single = attacks.filter(({ name }) => named.length === 0 || named.includes(name));
  const all: Attack = {
    name: "all",
    run: async (victim, signal) => {
      await Promise.all(single.map((attack) => attack.run(victim, signal)));
      return "";
    },
  };
  const stage = new Stage(values.checkout, size, 1_000 * Number(values.seconds));
  try {
    for (const attack of single.length > 1 ? [...single, all] : single) await stage.run(attack);
  } finally {
    await stage.stop();
  }
  return stage.result();
}

type Outcome = {
  readonly max_stall_ms: number;
  readonly p99_health_ms: number;
  readonly peak_rss_mb: number;
  readonly took_s: number;
  readonly killed: boolean;
  readonly answers: string;
};

class Stage {
  readonly #checkout: string;
  readonly #size: VictimSize;
  readonly #attackMs: number;
  readonly #outcomes: Record<string, Outcome> = {};
  #victim: RunningVictim | undefined;

  constructor(checkout: string, size: VictimSize, attackMs: number) {
    this.#checkout = checkout;
    this.#size = size;
    this.#attackMs = attackMs;
  }

  async run(attack: Attack): Promise<void> {
    if (this.#victim?.isKilled === true) await this.stop();
    this.#victim ??= await RunningVictim.start(this.#checkout, this.#size);
    const victim = this.#victim;
    const watch = new HealthWatch(victim.url);
    await watch.start(attack.name);
    victim.takePeakMb();
    const startedMs = performance.now();
    const answers = await attack.run(victim, AbortSignal.timeout(this.#attackMs));
    const tookMs = performance.now() - startedMs;
    const health = await watch.end();
    const outcome = {
      max_stall_ms: Math.round(health.maxMs),
      p99_health_ms: Math.round(health.p99Ms),
      peak_rss_mb: victim.takePeakMb(),
      took_s: rounded(tookMs / 1_000, 1),
      killed: victim.isKilled,
      answers,
    };
    this.#outcomes[attack.name] = outcome;
    console.error(`${attack.name}: ${JSON.stringify(outcome)}`);
  }

  async stop(): Promise<void> {
    await this.#victim?.stop();
    this.#victim = undefined;
  }

  result(): Record<string, unknown> {
    const outcomes = Object.values(this.#outcomes);
    const worst = (key: "max_stall_ms" | "p99_health_ms" | "peak_rss_mb") =>
      outcomes.reduce((most, outcome) => Math.max(most, outcome[key]), 0);
    const figures = {
      max_stall_ms: worst("max_stall_ms"),
      p99_health_ms: worst("p99_health_ms"),
      peak_rss_mb: worst("peak_rss_mb"),
      killed: outcomes.filter(({ killed }) => killed).length,
    };
    const holds =
      figures.max_stall_ms < limits.maxStallMs &&
      figures.p99_health_ms < limits.p99HealthMs &&
      figures.peak_rss_mb < limits.peakRssMb &&
      figures.killed === 0;
    const passed = figures.killed === 0;
    return { ...figures, passed, holds, attacks: this.#outcomes, machine_load: machineLoad() };
  }
}

/** The process that asks for health. */
class HealthWatch {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #said: LineReader;

  constructor(url: string) {
    const file = join(import.meta.dir, "../adversary/health_process.ts");
    this.#child = Bun.spawn([process.execPath, file, url], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#said = new LineReader(this.#child.stdout);
  }

  async start(name: string): Promise<void> {
    await this.#say(name);
  }

  async end(): Promise<z.output<typeof HealthPeriod>> {
    await this.#say("");
    const period = HealthPeriod.parse(JSON.parse(await this.#said.next()));
    await this.#child.exited;
    return period;
  }

  async #say(line: string): Promise<void> {
    await this.#child.stdin.write(`${line}\n`);
    await this.#child.stdin.flush();
  }
}
