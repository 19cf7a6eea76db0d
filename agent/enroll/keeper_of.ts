import { join } from "node:path";
import type { NatsConfig } from "#proto/bus/nats_config.ts";
import type { KeyKeeper, KeyKeeperParts } from "./key_keeper.ts";

/** Whoever's agent has no credentials of an aggregator's making does without what exchanges them. */
export async function keeperOf(
  { nats, data_dir: dataDir }: { readonly nats: NatsConfig; readonly data_dir: string },
  { clock, log, metrics }: Pick<KeyKeeperParts, "clock" | "log" | "metrics">,
  { tenant, agent }: Pick<KeyKeeperParts, "tenant" | "agent">,
): Promise<KeyKeeper | undefined> {
  if (nats.creds_file === undefined) return undefined;
  const { KeyKeeper } = await import("./key_keeper.ts");
  const own = { tenant, agent, clock, log: log.child({ room: "enroll" }), metrics };
  const folder = join(dataDir, "agent");
  return KeyKeeper.open({ ...own, folder, credsFile: nats.creds_file });
}
