import { parseArgs } from "node:util";
import type { Verdict } from "#test/chaos/audit.ts";
import { judge, settle } from "#test/chaos/audit.ts";
import { World } from "#test/chaos/world.ts";

/** What can go wrong; each round one, by chance. */
const misfortunes = [
  "kill_agent",
  "kill_aggregator",
  "kill_nats",
  "remove_nats_data",
  "cut_agent",
  "cut_aggregator",
  "fill_aggregator_disk",
  "fill_agent_disk",
  "stall_targets",
  "stall_agent",
  "stall_aggregator",
] as const;
type Misfortune = (typeof misfortunes)[number];

/**
 * Three agents, a nats-server and an aggregator as processes, sources that number every line and sample, and misfortunes at random: at the
 * end every number is stored once, or explained. `--rounds`, `--seed`; the seed is printed and can be given again.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: "string", default: "50" }, seed: { type: "string" } },
  });
  const rounds = Number(values.rounds);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const random = mulberry32(seed);
  console.error(`chaos: ${rounds} rounds, seed ${seed}`);
  const world = await World.start();
  const counts: Partial<Record<Misfortune, number>> = {};
  try {
    await Bun.sleep(1_000);
    for (let round = 1; round <= rounds; round++) {
      const kind = chooseFrom(misfortunes, round, random);
      counts[kind] = (counts[kind] ?? 0) + 1;
      console.error(`round ${round}: ${kind}`);
      await befall(world, kind, random);
      if (random() < 0.3) world.hosts[Math.floor(random() * 3)]?.lines.rotate();
      await Bun.sleep(200 + random() * 800);
    }
    world.stopWriting();
    const late = await settle(world, 90_000);
    const verdict: Verdict = await judge(world);
    if (late !== undefined) verdict.problems.push(`not settled: ${late}`);
    for (const problem of verdict.problems) console.error(problem);
    return { bench: "chaos", rounds, seed, ...verdict, misfortunes: counts };
  } finally {
    await world.stop();
  }
}

async function befall(world: World, kind: Misfortune, random: () => number): Promise<void> {
  const host = world.hosts[Math.floor(random() * world.hosts.length)];
  const withDisk = world.hosts.find(({ name }) => name === "a2");
  if (host === undefined || withDisk === undefined) throw new Error("the world has no hosts");
  const downMs = 50 + random() * 900;
  switch (kind) {
    case "kill_agent":
      return world.killAgent(host, downMs);
    case "kill_aggregator":
      return world.killAggregator(downMs);
    case "kill_nats":
      return world.killNats(downMs, false);
    case "remove_nats_data":
      return world.killNats(downMs, true);
    case "stall_targets":
      return world.stallTargets(400 + downMs);
    case "stall_agent":
      return world.stall(host.process, 100 + downMs);
    case "stall_aggregator":
      return world.stall(world.aggregator, 100 + downMs);
    case "cut_agent":
      return world.cut(host.proxy, downMs);
    case "cut_aggregator":
      return world.cut(world.proxy, downMs);
    case "fill_aggregator_disk":
      return world.hasSmallDisks ? world.fillDisk("aggregator", downMs * 2) : undefined;
    case "fill_agent_disk":
      return world.hasSmallDisks ? world.fillDisk(withDisk, 2_000 + downMs * 2) : undefined;
  }
}

/** Each kind in turn first, then by chance. */
function chooseFrom<T>(kinds: readonly T[], round: number, random: () => number): T {
  const index = round <= kinds.length ? round - 1 : Math.floor(random() * kinds.length);
  const kind = kinds[index];
  if (kind === undefined) throw new Error("nothing to choose from");
  return kind;
}

/** Mulberry32, a small seeded generator by Tommy Ettinger (public domain): numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

if (import.meta.main) console.log(JSON.stringify(await run(process.argv.slice(2))));
