import { Hono, type Context } from "hono";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { PromqlError } from "#aggregator/query/promql/errors.ts";
import type { Deletion } from "#aggregator/store/store.ts";
import { answering, invalidParameter } from "./answer.ts";
import { readParams, selectorsParam, timeParam } from "./params.ts";

export type AdminParts = {
  readonly tenant: () => string;
  /** Deletes out of everything taken so far; `actor` is for the audit. */
  readonly deleteSeries: (deletion: Deletion, actor: string) => Promise<unknown>;
  /** Takes what is deleted out of the files now. */
  readonly cleanTombstones: () => Promise<void>;
};

/** There is no login yet, so nobody has a name. */
const actor = "anonymous";

/** POST and PUT of /api/v1/admin/tsdb/delete_series and clean_tombstones, as Prometheus has them: 204, or its errors. */
export function adminRoutes({ tenant, deleteSeries, cleanTombstones }: AdminParts): Hono {
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
      await deleteSeries({ tenant: tenant(), selectors, startMs, endMs }, actor);
    }),
  );
  app.on(["POST", "PUT"], "/clean_tombstones", (c) => acting(c, cleanTombstones));
  return app;
}

async function acting(c: Context, act: () => Promise<void>): Promise<Response> {
  if (isFromElsewhere(c)) {
    const error = "requests of other sites' pages are refused";
    return c.json({ status: "error", errorType: "bad_data", error }, 403);
  }
  try {
    await act();
    return c.body(null, 204);
  } catch (thrown) {
    // The one place that knows Prometheus's envelope for failures.
    const failed = answering(() => {
      throw thrown;
    });
    const response = await failed(c, async () => {});
    if (response instanceof Response) return response;
    throw new OperatingError("unavailable", messageOf(thrown), { cause: thrown });
  }
}

/** A browser sends a form of any page to any server without asking it: no login protects what is deleted. */
function isFromElsewhere(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const origin = c.req.header("origin");
  return origin !== undefined && URL.parse(origin)?.host !== new URL(c.req.url).host;
}
