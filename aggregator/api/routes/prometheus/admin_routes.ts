import { Hono } from "hono";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import type { Deletion } from "#aggregator/read/store.ts";
import { seriesQuery } from "../../../blocks/signals/stored_metrics.ts";
import { acting } from "./acting.ts";
import { invalidParameter } from "./answer.ts";
import { booleanOf, readParams, selectorsParam, timeParam } from "./params.ts";

export type AdminParts = {
  readonly tenant: () => string;
  /** Deletes out of everything taken so far; `actor` is for the audit. */
  readonly delete: (deletion: Deletion, actor: string) => Promise<unknown>;
  /** Takes what is deleted out of the files now. */
  readonly cleanTombstones: () => Promise<void>;
  /** Copies everything committed, and unless `skipHead` what is in memory too; gives the snapshot's name. */
  readonly snapshot: (skipHead: boolean) => Promise<string>;
};

/** There is no login yet, so nobody has a name. */
const actor = "anonymous";

/** POST and PUT of /api/v1/admin/tsdb/delete_series, clean_tombstones and snapshot, as Prometheus has them, with its errors. */
export function adminRoutes(parts: AdminParts): Hono {
  const { tenant, cleanTombstones, snapshot } = parts;
  const app = new Hono().basePath("/api/v1/admin/tsdb");
  app.on(["POST", "PUT"], "/delete_series", (c) =>
    acting(c, async () => {
      const params = await readParams(c);
      if (params.all("match[]").length === 0)
        throw new PromqlError("bad_data", "no match[] parameter provided");
      const startMs = timeParam(params, "start", Number.MIN_SAFE_INTEGER);
      const endMs = timeParam(params, "end", Number.MAX_SAFE_INTEGER);
      if (endMs < startMs)
        throw invalidParameter("end", "end timestamp must not be before start time");
      const selectors = selectorsParam(params, true);
      const query = seriesQuery(params.all("match[]"));
      const deletion = { signal: "metrics" as const, tenant: tenant(), selectors, query };
      await parts.delete({ ...deletion, startMs, endMs }, actor);
    }),
  );
  app.on(["POST", "PUT"], "/clean_tombstones", (c) => acting(c, cleanTombstones));
  app.on(["POST", "PUT"], "/snapshot", (c) =>
    acting(c, async () => {
      const text = (await readParams(c)).get("skip_head");
      const skipHead = text === "" ? false : booleanOf(text);
      if (skipHead === undefined) {
        const cause = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`;
        throw invalidParameter("skip_head", `unable to parse boolean: ${cause}`);
      }
      return { name: await snapshot(skipHead) };
    }),
  );
  return app;
}
