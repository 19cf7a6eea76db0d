import { z } from "zod";
import { duration } from "#shared/text/duration.ts";

/** "5" agents or "10%" of them. */
const stage = z
  .string()
  .regex(
    /^[1-9]\d{0,5}$|^(?:100|[1-9]?\d(?:\.\d{1,2})?)%$/,
    'expected a number such as "5" or "10%"',
  );

const stagesMax = 20;

/**
 * How a rollout goes: as it is written. Each stage says how many of all agents have the release when it is through; the last one, for everybody,
 * is not written.
 */
export const WrittenPlan = z.strictObject({
  stages: z.array(stage).max(stagesMax).default(["1", "10%", "50%"]),
  /** Agents of a stage must have run well for so long before the next begins. */
  soak: duration.prefault("5m"),
  /** A live agent that has not taken the release within it has failed. */
  apply_timeout: duration.prefault("5m"),
  /** An agent that is worse than before for so long has failed. */
  grace: duration.prefault("30s"),
  /** More agents than this may not fail: everything is rolled back. */
  failures_max: z.number().int().nonnegative().default(0),
  /** So many more sources and targets of an agent than before may fail. */
  failing_more_max: z.number().int().nonnegative().default(0),
});
export type RolloutPlan = z.output<typeof WrittenPlan>;

/** How many of `total` agents have the release after a stage; all of them after the last. At least one. */
export function agentsAfter({ stages }: RolloutPlan, index: number, total: number): number {
  const text = stages[index];
  if (text === undefined) return total;
  const wanted = text.endsWith("%")
    ? Math.ceil((Number(text.slice(0, -1)) / 100) * total)
    : Number(text);
  return Math.min(total, Math.max(1, wanted));
}

/**
 * The order in which agents are chosen: by a hash of rollout and agent, so that it is the same after a restart and other agents are the first
 * the next time.
 */
export function chosenOrder(rollout: string, agents: readonly string[]): string[] {
  const hashOf = (agent: string) =>
    new Bun.CryptoHasher("sha256").update(`${rollout}/${agent}`).digest("hex");
  return agents
    .map((agent) => ({ agent, hash: hashOf(agent) }))
    .toSorted((a, b) => (a.hash < b.hash ? -1 : 1))
    .map(({ agent }) => agent);
}
