import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { DataService } from "#proto/gen/v1/data_pb.js";
import { QueryService } from "#proto/gen/v1/query_pb.js";
import { until } from "#test/support/asking.ts";
import type { Stores } from "./stores.ts";

/** What no clock may take away. */
type Kept = {
  readonly files: ReadonlySet<string>;
  /** Rows of tables that retention shortens, and items that left the blocks, but for those that a merge finds twice. */
  readonly counts: Readonly<Record<"events" | "agents" | "removed", number>>;
};

const Counts = z.tuple([
  z.object({
    events: z.coerce.number(),
    agents: z.coerce.number(),
    removed: z.coerce.number(),
  }),
]);

export async function keptIn(stores: Stores): Promise<Kept> {
  const rows = await stores.catalog(
    `SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM agents) AS agents,
       (SELECT coalesce(sum(items), 0) FROM removed_items WHERE reason <> 'duplicate') AS removed`,
  );
  return { files: new Set(stores.blockFiles()), counts: Counts.parse(rows)[0] };
}

/** What was deleted between two looks. A merge leaves its inputs' files, as long as deletion is stopped. */
export function deletedBetween(before: Kept, after: Kept): string[] {
  const files = before.files.difference(after.files).size;
  const { counts: was } = before;
  const { counts: is } = after;
  return [
    ...(files > 0 ? [`${files} of ${before.files.size} block files`] : []),
    ...(is.events < was.events ? [`${was.events - is.events} of ${was.events} events`] : []),
    ...(is.agents < was.agents ? [`${was.agents - is.agents} of ${was.agents} agents`] : []),
    ...(is.removed > was.removed ? [`${is.removed - was.removed} items of blocks`] : []),
  ];
}

/**
 * Waits until an aggregator whose clock is off asks for a confirmation, has done a round of maintenance, and has stored more; says what it
 * did not do. A bucket refuses requests of such a clock: then it must say why it can't store.
 */
export async function problemsWhileOff(
  url: string,
  seconds: number,
  kind: Stores["kind"],
): Promise<string[]> {
  const transport = createConnectTransport({ baseUrl: url });
  const data = createClient(DataService, transport);
  const query = createClient(QueryService, transport);
  const stored = async () => {
    const { lanes } = await query.getLossAccount({});
    return lanes.reduce((sum, lane) => sum + lane.stored, 0);
  };
  try {
    const first = await stored();
    const asks = await until("a question about the clock", async () => {
      const { deletionStopped } = await data.getStorage({});
      return deletionStopped !== "" && deletionStopped;
    });
    if (kind === "postgres_s3")
      await until("the bucket's refusal to show", async () => {
        const { maintenanceFault, trouble } = await data.getStorage({});
        return [maintenanceFault, trouble].every((text) => text.includes("clock"));
      });
    else {
      const { maintainedMs } = await data.getStorage({});
      await until("a whole round of maintenance", async () => {
        const now = await data.getStorage({});
        return now.maintenanceFault === "" && now.maintainedMs !== maintainedMs;
      });
      await until("more in blocks", async () => (await stored()) > first);
    }
    // The latter of both after a catalog was lost, which knew of the newest round.
    const way = seconds < 0 ? /jumped back|before the newest round/ : /jumped ahead|round .* ago/;
    return asks.includes("lapwing storage confirm-clock") && way.test(asks)
      ? []
      : [`expected a question about a clock off by ${seconds} s, got: ${asks}`];
  } catch (thrown) {
    return [`with a clock off by ${seconds} s: ${messageOf(thrown)}`];
  }
}
