import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { type Victim, victimLines, victimSeries } from "#test/adversary/attack.ts";
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
 * once ("all"). Meanwhile another process asks `/-/healthy` every 20 ms. A killed victim is restarted for the next attack. Attackers would have a machine
 * of their own: here their processes give way to the victim's (`--nice 0` for none of that; `attackers_nice` in the result says so).
 * `--checkout FOLDER` attacks another version, `--only NAME,NAME`, `--together` (no attack alone before), `--series`, `--lines`, `--seconds` (for each attack at most).
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
      nice: { type: "string", default: "10" },
      together: { type: "boolean", default: false },
    },
  });
  const size = { series: Number(values.series), lines: Number(values.lines) };
  const named = values.only.split(",").filter((name) => name !== "");
  const known = attacks.map(({ name }) => name);
  const unknown = named.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no attack ${unknown.join()}: one of ${known.join()}`);
  const single = attacks.filter(({ name }) => named.length === 0 || named.includes(name));
  const names = single.map(({ name }) => name);
  const attackers = { ms: 1_000 * Number(values.seconds), nice: Number(values.nice) };
  const stage = new Stage(values.checkout, size, attackers);
  try {
    if (!values.together) for (const name of names) await stage.run(name, [name]);
    if (names.length > 1) await stage.run("all", names);
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
  readonly answers: Readonly<Record<string, string>>;
};

/** Of each attack: after how many milliseconds it ends at the latest, and the niceness of its processes. */
type Attackers = { readonly ms: number; readonly nice: number };

class Stage {
  readonly #checkout: string;
  readonly #size: VictimSize;
  readonly #attackers: Attackers;
  readonly #outcomes: Record<string, Outcome> = {};
  #victim: RunningVictim | undefined;

  constructor(checkout: string, size: VictimSize, attackers: Attackers) {
    this.#checkout = checkout;
    this.#size = size;
    this.#attackers = attackers;
  }

  async run(name: string, attackNames: readonly string[]): Promise<void> {
    if (this.#victim?.isKilled === true) await this.stop();
    this.#victim ??= await RunningVictim.start(this.#checkout, this.#size);
    const victim = this.#victim;
    const watch = new HealthWatch(victim.url);
    await watch.start(name);
    victim.takePeakMb();
    const startedMs = performance.now();
    const answers = await attack(attackNames, victim, this.#attackers);
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
    this.#outcomes[name] = outcome;
    console.error(`${name}: ${JSON.stringify(outcome)}`);
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
    const attackersNice = { attackers_nice: this.#attackers.nice };
    const given = { ...attackersNice, machine_load: machineLoad() };
    return { ...figures, passed, holds, attacks: this.#outcomes, ...given };
  }
}

/** Runs attacks in a process of their own; gives what the victim answered, by attack. */
async function attack(
  names: readonly string[],
  { url, syslogTcpPort, gelfUdpPort, targetsFile }: Victim,
  { ms, nice }: Attackers,
): Promise<Readonly<Record<string, string>>> {
  const file = join(import.meta.dir, "../adversary/attack_process.ts");
  const given = { names, victim: { url, syslogTcpPort, gelfUdpPort, targetsFile }, ms };
  const command = [process.execPath, file, JSON.stringify(given)];
  const child = Bun.spawn(["nice", "-n", String(nice), ...command], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const said = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`the attackers of ${names.join()} failed`);
  return Answers.parse(JSON.parse(said));
}

const Answers = z.record(z.string(), z.string());

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
