import { faketimeMissing } from "#test/support/faketime.ts";
import { postgresS3Missing, type Stores } from "./stores.ts";
import type { World } from "./world.ts";

const daySeconds = 86_400;

/** What can go wrong; each round one. Those of a kind of store come only where the aggregator has it. */
const everywhere = [
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
  "second_aggregator",
  "kill_during_retention",
  "kill_during_downsampling",
  "clock_ahead",
  "clock_back",
] as const;
const ofLocal = ["lose_catalog", "lose_block", "read_only_disk", "corrupt_block"] as const;
const ofPostgresS3 = ["follow_aggregator", "cut_catalog", "restart_bucket"] as const;

export type Misfortune =
  | (typeof everywhere)[number]
  | (typeof ofLocal)[number]
  | (typeof ofPostgresS3)[number];

/** Those of the store alone come first, so that few rounds have them, too. */
export function misfortunesOf(kind: Stores["kind"]): readonly Misfortune[] {
  return [...(kind === "local" ? ofLocal : ofPostgresS3), ...everywhere];
}

/** How many rounds each kind of store has: a quarter is of PostgreSQL and a bucket, where these are installed and there are enough. */
export function roundsOf(
  rounds: number,
): { readonly kind: Stores["kind"]; readonly rounds: number }[] {
  const remote = postgresS3Missing === undefined && rounds >= 64 ? Math.floor(rounds / 4) : 0;
  const local = { kind: "local" as const, rounds: rounds - remote };
  return remote === 0 ? [local] : [local, { kind: "postgres_s3", rounds: remote }];
}

/** False where it could not happen: the machine does not allow it, or there was nothing that it could befall. */
export async function befall(
  world: World,
  what: Misfortune,
  random: () => number,
): Promise<boolean> {
  return isPossible(world, what) && (await strike(world, what, random)) !== false;
}

function isPossible({ hasSmallDisks }: World, what: Misfortune): boolean {
  switch (what) {
    case "fill_aggregator_disk":
    case "fill_agent_disk":
    case "read_only_disk":
      return hasSmallDisks;
    case "clock_ahead":
    case "clock_back":
      return faketimeMissing === undefined;
    default:
      return true;
  }
}

/** Gives false where there was nothing that it could befall. */
async function strike(world: World, what: Misfortune, random: () => number): Promise<unknown> {
  const host = world.hosts[Math.floor(random() * world.hosts.length)];
  const withDisk = world.hosts.find(({ name }) => name === "a2");
  if (host === undefined || withDisk === undefined) throw new Error("the world has no hosts");
  const downMs = 50 + random() * 900;
  const { aggregator } = world;
  switch (what) {
    case "kill_agent":
      return world.killAgent(host, downMs);
    case "kill_aggregator":
      return aggregator.kill(downMs);
    case "kill_nats":
      return world.killNats(downMs, false);
    case "remove_nats_data":
      return world.killNats(downMs, true);
    case "stall_targets":
      return world.stallTargets(400 + downMs);
    case "stall_agent":
      return world.stall(host.process, 100 + downMs);
    case "stall_aggregator":
      return world.stall(aggregator.process, 100 + downMs);
    case "cut_agent":
      return world.cut(host.proxy, downMs);
    case "cut_aggregator":
      return world.cut(world.proxy, downMs);
    case "fill_aggregator_disk":
      return world.fillDisk("aggregator", downMs * 2);
    case "fill_agent_disk":
      return world.fillDisk(withDisk, 2_000 + downMs * 2);
    case "second_aggregator":
      return aggregator.second();
    case "kill_during_retention":
      await world.pushExpired(host);
      // A flush comes once a second.
      await Bun.sleep(1_000 + random() * 500);
      return aggregator.killDuringMaintenance(downMs);
    case "kill_during_downsampling":
      return aggregator.killWhileDownsampling(downMs);
    case "clock_ahead":
      return aggregator.jumpClock(60 * daySeconds);
    case "clock_back":
      return aggregator.jumpClock(-2 * 365 * daySeconds);
    case "lose_block":
      return aggregator.loseBlock(random);
    case "lose_catalog":
      return aggregator.loseCatalog();
    case "read_only_disk":
      return aggregator.onReadOnlyDisk();
    case "corrupt_block":
      return aggregator.corruptBlock(downMs, random);
    case "follow_aggregator":
      return aggregator.follow();
    case "cut_catalog":
      return world.stores.proxy === undefined
        ? undefined
        : world.cut(world.stores.proxy, downMs * 3);
    case "restart_bucket":
      return world.stores.restartBucket?.(downMs * 3);
  }
}
