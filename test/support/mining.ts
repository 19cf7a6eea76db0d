import { LineMiner } from "#agent/pipeline/mining/line_miner.ts";

/** What an agent's pipeline does to log lines, for tests of what comes after. */
export function createLineMiner(): Pick<LineMiner, "mine"> {
  return new LineMiner();
}
