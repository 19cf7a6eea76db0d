import type { Hono } from "hono";
import { ownTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Socket, SocketPeer } from "#shared/runtime/process/sockets.ts";
import { upgraded } from "#shared/runtime/process/sockets.ts";
import { LogqlError, parseLogql } from "../../../log_pipeline/parse_query.ts";
import { followQuery } from "../../../tail/follow_query.ts";
import { readHistory } from "../../../tail/read_history.ts";
import { TailSession, type TailRequest } from "../../../tail/tail_session.ts";
import type { Taken } from "../../../tail/tail_buffer.ts";
import type { Arrived } from "../../../tail/arrived.ts";
import { type LokiParts, basePath, scopeOf, textRefusal } from "./context.ts";
import { type LokiParameters, limitOf, lokiParameters, parseLokiTime } from "./parameters.ts";
import { entriesMax } from "./query_routes.ts";
import { categorizes, streamsOf } from "./streams.ts";

const hourNs = 3_600_000_000_000n;
const delayMaxSeconds = 5;
const pingEveryMs = 1_000;
/** Readers at once: each may hold some megabytes. */
const readersMax = 500;
/** Code of a close for an error of the server (RFC 6455, 7.4.1). */
const internalError = 1_011;

/** GET /loki/api/v1/tail: lines as they arrive, by WebSocket. */
export function tailRoutes(app: Hono, parts: LokiParts): void {
  app.get(`${basePath}/tail`, async (c) => {
    // Readers come back all at once after a restart.
    await ownTurn();
    const request = tailRequest(await lokiParameters(c.req.raw), scopeOf(c, parts), parts);
    if (parts.tails.size().followers >= readersMax)
      return textRefusal(`max concurrent tail requests limit exceeded (${readersMax})`, 429);
    const session = (sink: ConstructorParameters<typeof TailSession>[1]) =>
      new TailSession(request, sink, parts.tails, parts.onDropped);
    const peer = new TailPeer(session, parts, categorizes(c.req.raw));
    if (upgraded(c.req.raw, c.env, peer)) return new Response(null);
    return textRefusal("Bad Request: the client is not using the websocket protocol", 400);
  });
}

function tailRequest(
  p: LokiParameters,
  scope: ReturnType<typeof scopeOf>,
  { tenant, now }: LokiParts,
): TailRequest {
  const text = p.text("query") ?? "";
  const query = parseLogql(text);
  if (query.kind !== "log")
    throw new LogqlError(
      "parse error : only log selector is supported, but received a metric query",
    );
  const delay = p.text("delay_for") ?? "0";
  if (!/^\d+$/.test(delay))
    throw new OperatingError("bad_request", `delay_for is "${delay}": expected whole seconds`);
  if (Number(delay) > delayMaxSeconds)
    throw new OperatingError("bad_request", `delay_for can't be greater than ${delayMaxSeconds}`);
  const limit = limitOf(p, entriesMax);
  const start = p.text("start");
  const startNs =
    start === undefined ? BigInt(now()) * 1_000_000n - hourNs : parseLokiTime("start", start);
  // The request's own signal ends with the upgrade.
  const { signal: _, ...lasting } = scope;
  const endNs = 1n << 62n;
  return {
    tenant,
    query: text,
    open: () => followQuery(query, lasting),
    history: () => readHistory(query, { startNs, endNs, limit }, lasting),
    historyKey: `${text}\n${startNs}\n${limit}`,
    delayMs: Number(delay) * 1_000,
  };
}

/** The server's end of one reader's socket. */
class TailPeer implements SocketPeer {
  readonly #categorize: boolean;
  readonly #session: TailSession;
  #socket: Socket | undefined;
  #pings: ReturnType<typeof setInterval> | undefined;

  constructor(
    open: (sink: ConstructorParameters<typeof TailSession>[1]) => TailSession,
    { tails }: Pick<LokiParts, "tails">,
    categorize: boolean,
  ) {
    this.#categorize = categorize;
    this.#session = open({
      isReady: () => (this.#socket?.bufferedBytes() ?? 0) < tails.unreadBytesMax(),
      send: (taken) => this.#send(taken),
      warn: (warnings) => this.#socket?.send(warningFrame(warnings)),
      failed: (message) => this.#socket?.close(internalError, message),
    });
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    this.#pings = setInterval(() => socket.ping(), pingEveryMs);
    // It tells the reader of what goes wrong by itself.
    void this.#session.start();
  }

  drained(): void {
    this.#session.pump();
  }

  closed(): void {
    clearInterval(this.#pings);
    this.#socket = undefined;
    this.#session.close();
  }

  #send({ chunks, dropped }: Taken): void {
    const [first, ...rest] = chunks;
    if (dropped.length > 0) this.#socket?.send(frameText(first, dropped, this.#categorize));
    else if (first !== undefined) this.#socket?.send(sharedFrame(first, this.#categorize));
    for (const chunk of rest) this.#socket?.send(sharedFrame(chunk, this.#categorize));
  }
}

/** Loki has no warnings in tails; its clients skip members that they do not know. */
function warningFrame(warnings: readonly string[]): string {
  return JSON.stringify({ streams: [], warnings, isPartial: true });
}

/** Frames of what many readers get, made once. */
const frames = new WeakMap<Arrived, { plain?: string; categorized?: string }>();

function sharedFrame(chunk: Arrived, categorize: boolean): string {
  const made = frames.get(chunk) ?? {};
  frames.set(chunk, made);
  if (categorize) return (made.categorized ??= frameText(chunk, [], true));
  return (made.plain ??= frameText(chunk, [], false));
}

function frameText(
  chunk: Arrived | undefined,
  dropped: Taken["dropped"],
  categorize: boolean,
): string {
  return JSON.stringify({
    streams: streamsOf(chunk?.entries ?? [], categorize),
    ...(dropped.length === 0
      ? {}
      : {
          dropped_entries: dropped.map(({ stream, timestampNs }) => ({
            labels: stream,
            timestamp: String(timestampNs),
          })),
        }),
    ...(categorize ? { encodingFlags: ["categorize-labels"] } : {}),
  });
}
