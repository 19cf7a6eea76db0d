import { Hono } from "hono";
import { OperatingError } from "#shared/errors.ts";
import type { StoredSignals } from "../../blocks/signals/stored_signal.ts";
import type { DeletionRequest } from "../../read/removals.ts";
import type { Deletion } from "../../read/store.ts";
import { acting } from "./prometheus/acting.ts";
import { invalidParameter } from "./prometheus/answer.ts";
import { readParams, timeParam } from "./prometheus/params.ts";

export type DeleteParts = {
  readonly tenant: () => string;
  readonly signals: StoredSignals;
  /** Deletes out of everything taken so far and gives the number of blocks concerned; `actor` is for the audit. */
  readonly delete: (deletion: Deletion, actor: string) => Promise<number>;
  /** Requests of all signals. */
  readonly list: (tenant: string) => Promise<readonly DeletionRequest[]>;
  /** False where there is none of this id, or its items are no longer all there. */
  readonly cancel: (id: string, tenant: string, actor: string) => Promise<boolean>;
};

/** Of everyone, as there is no login yet. */
const actor = "anonymous";
const path = "/api/v1/admin/delete";
/** An open end of a span. */
const [openStartMs, openEndMs] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

/**
 * POST and PUT of /api/v1/admin/delete/<signal>: deletes the items that `query` finds, in the signal's query language, from `start` to `end`. GET of
 * /api/v1/admin/delete lists the requests of all signals, DELETE of /api/v1/admin/delete/<signal>/<id> takes one back. A path for each signal, because each
 * needs a permission of its own.
 */
export function deleteRoutes(parts: DeleteParts): Hono {
  const app = new Hono();
  for (const [signal, stored] of parts.signals.entries) {
    app.on(["POST", "PUT"], `${path}/${signal}`, (c) =>
      acting(c, async () => {
        const params = await readParams(c);
        const startMs = timeParam(params, "start", openStartMs);
        const endMs = timeParam(params, "end", openEndMs);
        if (endMs < startMs)
          throw invalidParameter("end", "end timestamp must not be before start time");
        const terms = stored.deletionOf(params.all("query"));
        const tenant = parts.tenant();
        return { blocks: await parts.delete({ signal, tenant, startMs, endMs, ...terms }, actor) };
      }),
    );
    app.delete(`${path}/${signal}/:id`, (c) =>
      acting(c, () => cancel(parts, signal, c.req.param("id"))),
    );
  }
  app.get(path, (c) => acting(c, async () => (await parts.list(parts.tenant())).map(shown)));
  return app;
}

async function cancel(
  parts: DeleteParts,
  signal: DeletionRequest["signal"],
  id: string,
): Promise<void> {
  const tenant = parts.tenant();
  const request = (await parts.list(tenant)).find((one) => one.id === id && one.signal === signal);
  if (request === undefined)
    throw new OperatingError("not_found", `no request ${JSON.stringify(id)} to delete ${signal}`);
  if (await parts.cancel(id, tenant, actor)) return;
  throw new OperatingError(
    "bad_request",
    `request ${id} can't be taken back: its ${signal} are being removed, or were removed`,
  );
}

/** Times in Unix seconds; an open end of the span is left out. */
function shown({
  id,
  signal,
  query,
  actor: who,
  status,
  removed,
  fault,
  ...times
}: DeletionRequest) {
  const { startMs, endMs, createdMs } = times;
  return {
    id,
    signal,
    query,
    ...(startMs > openStartMs && { start: startMs / 1_000 }),
    ...(endMs < openEndMs && { end: endMs / 1_000 }),
    created: createdMs / 1_000,
    actor: who,
    status,
    removed_items: removed,
    ...(fault !== undefined && { error: fault }),
  };
}
