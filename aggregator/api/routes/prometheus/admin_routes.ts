import { Hono, type Context } from "hono";
import { assert } from "#shared/assert.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import type { Deletion } from "#aggregator/read/store.ts";
import { answering, invalidParameter } from "./answer.ts";
import { booleanOf, readParams, selectorsParam, timeParam } from "./params.ts";

export type AdminParts = {
  readonly tenant: () => string;
  /** Deletes out of everything taken so far; `actor` is for the audit. */
  readonly deleteSeries: (deletion: Deletion, actor: string) => Promise<unknown>;
  /** Takes what is deleted out of the files now. */
  readonly cleanTombstones: () => Promise<void>;
  /** Copies everything committed, and unless `skipHead` what is in memory too; gives the snapshot's name. */
  readonly snapshot: (skipHead: boolean) => Promise<string>;
};

/** There is no login yet, so nobody has a name. */
const actor = "anonymous";

/** POST and PUT of /api/v1/admin/tsdb/delete_series, clean_tombstones and snapshot, as Prometheus has them, with its errors. */
export function adminRoutes(parts: AdminParts): Hono {
  const { tenant, deleteSeries, cleanTombstones, snapshot } = parts;
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
      await deleteSeries({ signal: "metrics", tenant: tenant(), selectors, startMs, endMs }, actor);
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

/** Answers 204, or 200 with what `act` gives. */
async function acting(c: Context, act: () => Promise<object | void>): Promise<Response> {
  const answer = answering(async () => {
    const data = await act();
    return { dataJson: data === undefined ? undefined : JSON.stringify(data) };
  });
  const response = await answer(c, async () => {});
  assert(response instanceof Response, "answering() always gives a response");
  return response;
}
