import { parseArgs } from "node:util";
import { judge, settle, type Verdict } from "#test/chaos/audit.ts";
import { befall, type Misfortune, misfortunesOf, roundsOf } from "#test/chaos/misfortunes.ts";
import type { Stores } from "#test/chaos/stores.ts";
import { World } from "#test/chaos/world.ts";

/**
 * Three agents, a nats-server and an aggregator as processes, sources that number every line and sample, and misfortunes at random: at the
 * end every number is stored once, or explained. `--rounds`, `--seed` (the seed is printed and can be given again), `--kinds` for some
 * misfortunes alone, `--stores` for one kind of store. `passed` is false, and the exit code 1, when anything is unexplained, doubled or
 * otherwise wrong, or a misfortune could not happen. What blocks held that were given up is explained number by number (`lost_with_blocks`). A round takes 3 to 6 s on a machine of two cores.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "50" },
      seed: { type: "string" },
      kinds: { type: "string" },
      stores: { type: "string" },
    },
  });
  const rounds = Number(values.rounds);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const random = mulberry32(seed);
  const wanted = values.kinds?.split(",");
  console.error(`chaos: ${rounds} rounds, seed ${seed}`);
  const counts: Partial<Record<Misfortune, number>> = {};
  const verdicts: Verdict[] = [];
  const startedMs = performance.now();
  const worlds =
    values.stores === undefined ? roundsOf(rounds) : [{ kind: kindOf(values.stores), rounds }];
  for (const { kind, rounds: own } of worlds) {
    const kinds = misfortunesOf(kind).filter((what) => wanted?.includes(what) ?? true);
    verdicts.push(await inOneWorld(kind, own, kinds, { random, counts }));
  }
  const sum = verdicts.reduce(added);
  for (const [what, times] of Object.entries(counts))
    if (times === 0) sum.problems.push(`${what} never happened: it is not possible here`);
  const passed = sum.problems.length === 0 && sum.unexplained === 0 && sum.duplicated === 0;
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  return { bench: "chaos", rounds, seed, passed, seconds, ...sum, misfortunes: counts };
}

async function inOneWorld(
  kind: Stores["kind"],
  rounds: number,
  kinds: readonly Misfortune[],
  { random, counts }: { random: () => number; counts: Partial<Record<Misfortune, number>> },
): Promise<Verdict> {
  const world = await World.start(kind);
  try {
    await Bun.sleep(1_000);
    for (let round = 1; round <= rounds; round++) {
      const what = chooseFrom(kinds, round, random);
      console.error(`round ${round} of ${rounds}, ${kind}: ${what}`);
      counts[what] = (counts[what] ?? 0) + ((await befall(world, what, random)) ? 1 : 0);
      if (random() < 0.3) world.hosts[Math.floor(random() * 3)]?.lines.rotate();
      await Bun.sleep(200 + random() * 800);
    }
    world.stopWriting();
    await world.aggregator.restart();
    const late = await settle(world, 120_000);
    const verdict = await judge(world);
    verdict.problems.push(...world.aggregator.problems);
    if (late !== undefined) verdict.problems.push(`not settled: ${late}`);
    for (const problem of verdict.problems) console.error(problem);
    return verdict;
  } finally {
    await world.stop();
  }
}

function added(one: Verdict, other: Verdict): Verdict {
  return {
    items: one.items + other.items,
    unexplained: one.unexplained + other.unexplained,
    duplicated: one.duplicated + other.duplicated,
    dropped_with_reason: one.dropped_with_reason + other.dropped_with_reason,
    scrapes_cut_short: one.scrapes_cut_short + other.scrapes_cut_short,
    scrapes_failed: one.scrapes_failed + other.scrapes_failed,
    scrapes_refused: one.scrapes_refused + other.scrapes_refused,
    lost_with_blocks: one.lost_with_blocks + other.lost_with_blocks,
    lines_expired: one.lines_expired + other.lines_expired,
    days_downsampled: one.days_downsampled + other.days_downsampled,
    problems: [...one.problems, ...other.problems],
  };
}

function kindOf(text: string): Stores["kind"] {
  if (text === "local" || text === "postgres_s3") return text;
  throw new Error(`--stores ${text}: expected local or postgres_s3`);
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

if (import.meta.main) {
  const result = await run(process.argv.slice(2));
  console.log(JSON.stringify(result));
  process.exit(result["passed"] === true ? 0 : 1);
}
