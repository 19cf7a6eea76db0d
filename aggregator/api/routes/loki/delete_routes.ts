import { type Context, Hono } from "hono";
import { OperatingError } from "#shared/errors.ts";
import { logDeletionOf } from "../../../log_pipeline/log_deletion.ts";
import type { DeletionRequest } from "../../../read/removals.ts";
import type { Deletion } from "../../../read/store.ts";
import { basePath, refusal, textRefusal } from "./context.ts";
import { lokiParameters, parseLokiTime } from "./parameters.ts";

export type DeleteLogsParts = {
  readonly tenant: () => string;
  readonly now: () => number;
  /** Deletes out of everything taken so far; `actor` is for the audit. */
  readonly delete: (deletion: Deletion, actor: string) => Promise<unknown>;
  /** False where there is none of this id, or its items are no longer all there. */
  readonly cancel: (id: string, tenant: string, actor: string) => Promise<boolean>;
  /** Requests of all signals. */
  readonly list: (tenant: string) => Promise<readonly DeletionRequest[]>;
};

/** There is no login yet, so nobody has a name. */
const actor = "anonymous";
const nsPerMs = 1_000_000n;

/**
 * POST, PUT, GET and DELETE of /loki/api/v1/delete, as Loki has them: a request for a log query, the list of requests, and one
 * taken back. Errors are plain text. Loki takes a request up after 24 hours; here that is storage.deletion.cancel_period.
 */
export function deleteLogsRoutes(parts: DeleteLogsParts): Hono {
  const app = new Hono();
  const path = `${basePath}/delete`;
  app.on(["POST", "PUT"], path, async (c) => {
    await parts.delete(await deletionOf(c, parts), actor);
    return c.body(null, 204);
  });
  const list = async () =>
    (await parts.list(parts.tenant())).filter(({ signal }) => signal === "logs");
  app.get(path, async (c) => c.json((await list()).map(shown)));
  app.delete(path, async (c) => {
    const id = c.req.query("request_id") ?? "";
    const known = (await list()).some((request) => request.id === id);
    if (!known) return textRefusal("could not find delete request with given id", 404);
    if (await parts.cancel(id, parts.tenant(), actor)) return c.body(null, 204);
    return textRefusal(
      "deletion of request which is in process or already processed is not allowed",
      400,
    );
  });
  app.onError((thrown) => refusal(thrown));
  return app;
}

async function deletionOf(c: Context, { tenant, now }: DeleteLogsParts): Promise<Deletion> {
  const parameters = await lokiParameters(c.req.raw);
  const query = parameters.text("query") ?? "";
  if (query === "") throw bad("query not set");
  const startMs = msOf("start", parameters.text("start"), undefined);
  const endMs = msOf("end", parameters.text("end"), now());
  if (endMs > now()) throw bad("deletes in the future are not allowed");
  if (startMs > endMs) throw bad("start time can't be greater than end time");
  return { signal: "logs", tenant: tenant(), startMs, endMs, ...logDeletionOf(query) };
}

function msOf(name: string, text: string | undefined, otherwise: number | undefined): number {
  if (text !== undefined && text !== "") return Number(parseLokiTime(name, text) / nsPerMs);
  if (otherwise === undefined) throw bad(`${name} time not set`);
  return otherwise;
}

function bad(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}

function shown({ id, startMs, endMs, query, status, createdMs, removed, fault }: DeletionRequest) {
  return {
    request_id: id,
    start_time: startMs / 1_000,
    end_time: endMs / 1_000,
    query,
    // Loki knows two.
    status: status === "processed" ? status : "received",
    created_at: createdMs / 1_000,
    // Beyond Loki: records taken out of files so far.
    removed_records: removed,
    ...(fault === undefined ? {} : { error: fault }),
  };
}
