import { Hono } from "hono";
import type { StoredSignals } from "../../blocks/signals/stored_signal.ts";
import type { Deletion } from "../../read/store.ts";
import { acting } from "./prometheus/acting.ts";
import { invalidParameter } from "./prometheus/answer.ts";
import { readParams, timeParam } from "./prometheus/params.ts";

export type DeleteParts = {
  readonly tenant: () => string;
  readonly signals: StoredSignals;
  /** Deletes out of everything taken so far and gives the number of blocks concerned; `actor` is for the audit. */
  readonly delete: (deletion: Deletion, actor: string) => Promise<number>;
};

/** Of everyone, as there is no login yet. */
const actor = "anonymous";

/**
 * POST and PUT of /api/v1/admin/delete/<signal>: deletes the items that `query` finds, in the signal's query language, from `start` to `end`. A path for
 * each signal, because each needs a permission of its own.
 */
export function deleteRoutes(parts: DeleteParts): Hono {
  const app = new Hono();
  for (const [signal, stored] of parts.signals.entries)
    app.on(["POST", "PUT"], `/api/v1/admin/delete/${signal}`, (c) =>
      acting(c, async () => {
        const params = await readParams(c);
        const startMs = timeParam(params, "start", Number.MIN_SAFE_INTEGER);
        const endMs = timeParam(params, "end", Number.MAX_SAFE_INTEGER);
        if (endMs < startMs)
          throw invalidParameter("end", "end timestamp must not be before start time");
        const terms = stored.deletionOf(params.all("query"));
        const tenant = parts.tenant();
        return { blocks: await parts.delete({ signal, tenant, startMs, endMs, ...terms }, actor) };
      }),
    );
  return app;
}
