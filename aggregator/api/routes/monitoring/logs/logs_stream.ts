import type { Context } from "hono";
import { followQuery } from "#aggregator/tail/follow_query.ts";
import { readHistory } from "#aggregator/tail/read_history.ts";
import type { Taken } from "#aggregator/tail/tail_buffer.ts";
import { TailSession } from "#aggregator/tail/tail_session.ts";
import type { Tails } from "#aggregator/tail/tails.ts";
import { OperatingError } from "#shared/errors.ts";
import { checkedParams } from "../checked_params.ts";
import { logQueryOf, recordOf } from "./log_query.ts";
import { type LogParts, lastingScope } from "./log_routes.ts";
import { LogStreamParams } from "./log_schemas.ts";

/** Between two comments that keep the connection open. */
const keepAliveMs = 15_000;
/** What waits for the reader in the stream itself; more waits in the session, where the oldest may go. */
const unreadBytesMax = 256 * 1_024;
const readersMax = 500;
const allTime = { startNs: -(1n << 62n), endNs: 1n << 62n };

/**
 * GET /api/v1/monitoring/logs/stream: records as they arrive, as server-sent events. Each record is a message; `dropped` says how many
 * the reader missed because it was too slow, `partial` names damaged blocks that the history lacks, and `failed` ends the stream
 * with a reason. Throws OperatingError.
 */
export function logsStream(
  c: Context,
  parts: LogParts,
  tails: Tails,
  onDropped: (entries: number) => void,
): Response {
  const params = checkedParams(c, LogStreamParams);
  const query = logQueryOf(params);
  if (tails.size().followers >= readersMax)
    throw new OperatingError("overloaded", `there are ${readersMax} readers already`);
  const scope = lastingScope(c, parts);
  const limit = Number(params.history);
  const history = async () =>
    limit === 0
      ? { entries: [], warnings: [] }
      : await readHistory(query, { ...allTime, limit }, scope);
  const key = JSON.stringify([params.query, params.level, params.service]);
  const request = {
    tenant: scope.tenant,
    query: key,
    open: () => followQuery(query, scope),
    history,
    historyKey: `stream\n${key}\n${limit}`,
    delayMs: 0,
  };
  const body = eventStream((sink) => new TailSession(request, sink, tails, onDropped));
  const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
  return new Response(body, { headers });
}

type Open = (sink: ConstructorParameters<typeof TailSession>[1]) => TailSession;

function eventStream(open: Open): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let keepAlive: ReturnType<typeof setInterval> | undefined;
  let session: TailSession | undefined;
  const end = () => {
    clearInterval(keepAlive);
    session?.close();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string) => controller.enqueue(encoder.encode(text));
        session = open({
          isReady: () => (controller.desiredSize ?? 0) > 0,
          send: (taken) => write(eventsOf(taken)),
          warn: (warnings) =>
            write(`event: partial\ndata: ${JSON.stringify({ warnings, isPartial: true })}\n\n`),
          failed: (message) => {
            write(`event: failed\ndata: ${JSON.stringify({ error: message })}\n\n`);
            clearInterval(keepAlive);
            controller.close();
          },
        });
        write(": open\n\n");
        keepAlive = setInterval(() => write(": still here\n\n"), keepAliveMs);
        // It tells the reader of what goes wrong by itself.
        void session.start();
      },
      pull: () => session?.pump(),
      cancel: end,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: unreadBytesMax }),
  );
}

function eventsOf({ chunks, droppedCount }: Taken): string {
  const dropped =
    droppedCount === 0
      ? ""
      : `event: dropped\ndata: ${JSON.stringify({ count: droppedCount })}\n\n`;
  const records = chunks.flatMap(({ entries }) =>
    entries.map((entry) => `data: ${JSON.stringify(recordOf(entry))}\n\n`),
  );
  return dropped + records.join("");
}
