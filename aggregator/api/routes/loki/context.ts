import {
  joinInTurns,
  jsonPieces,
  lengthOf,
  retryAfter,
  streamed,
  wholeMax,
} from "#aggregator/api/large_answer.ts";
import type { Context, Hono } from "hono";
import type { ErrorCode } from "#shared/errors.ts";
import { ownTurn } from "#shared/async/turns.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { LogScope, LogqlLimits } from "../../../query/logql/evaluate.ts";
import { defaultLogqlLimits } from "../../../query/logql/evaluate.ts";
import type { KnownPattern } from "../../../patterns/pattern_book.ts";
import { MissingBlocks, type PartialMark } from "../../../read/missing_blocks.ts";
import { countRefusal } from "../../../query/refusals.ts";
import { reportingLogs } from "../../../read/reporting_logs.ts";
import type { LogsSource } from "../../../read/source.ts";
import type { RulesView } from "../../../rules/rules_view.ts";
import type { Tails } from "../../../tail/tails.ts";
import { type LokiParameters, lokiParameters } from "./parameters.ts";

export type LokiParts = {
  readonly logs: LogsSource;
  readonly tenant: string;
  readonly now: () => number;
  readonly tails: Tails;
  /** What is known of the pattern of a template's text; nothing where patterns are not watched. */
  readonly knownPattern?: (templateText: string) => KnownPattern | undefined;
  /** Told of entries that readers of tails were not sent. */
  readonly onDropped: (entries: number) => void;
  readonly build: {
    readonly version: string;
    readonly revision: string;
    readonly branch: string;
    readonly buildUser: string;
    readonly buildDate: string;
  };
  /** As it is in effect, without secrets, as YAML. */
  readonly config: () => string;
  readonly limits?: LogqlLimits;
  readonly rules: () => RulesView;
};

export const basePath = "/loki/api/v1";

const statusOf = {
  bad_request: 400,
  not_found: 404,
  conflict: 409,
  read_only: 409,
  overloaded: 429,
  corrupt: 500,
  unavailable: 500,
  timeout: 504,
  cancelled: 499,
  no_space: 500,
} as const satisfies Record<ErrorCode, number>;

/**
 * What a request reads, for as long as its client waits; `missing` collects what can't be read. X-Scope-OrgID is accepted
 * from all clients and changes nothing: there is one tenant.
 */
export function scopeOf(
  c: Context,
  { tenant, logs, limits }: LokiParts,
  missing?: MissingBlocks,
): LogScope {
  const source = missing === undefined ? logs : reportingLogs(logs, missing);
  return { tenant, source, limits: limits ?? defaultLogqlLimits, signal: c.req.raw.signal };
}

/** Loki's refusal: plain text. */
export function refusal(thrown: unknown): Response {
  countRefusal(thrown);
  const code = thrown instanceof OperatingError ? thrown.code : "unavailable";
  return textRefusal(messageOf(thrown), statusOf[code]);
}

export function textRefusal(message: string, status: number): Response {
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
    ...(status === 429 ? { "retry-after": retryAfter } : {}),
  };
  return new Response(message, { status, headers });
}

type Answer = (
  parameters: LokiParameters,
  c: Context,
  missing: MissingBlocks,
) => Promise<Readonly<Record<string, unknown>>>;

/** A read endpoint by GET and by a posted form. What it gives is the body, with the warnings of an incomplete answer. */
export function reads(app: Hono, path: string, answer: Answer): void {
  app.on(["GET", "POST"], path, async (c) => {
    const missing = new MissingBlocks();
    await ownTurn();
    const body = await answer(await lokiParameters(c.req.raw), c, missing);
    const whole = missing.isEmpty ? body : { ...body, ...notesOf(missing) };
    const texts = await joinInTurns(jsonPieces(whole));
    if (lengthOf(texts) > wholeMax) return streamed(texts);
    return c.body(texts.join(""), 200, { "content-type": "application/json" });
  });
}

/** What an answer without damaged blocks says about them. */
function notesOf(missing: MissingBlocks): { warnings: string[] } & PartialMark {
  return { ...missing.mark, warnings: missing.warnings() };
}

/** The same in Loki's envelope. */
export function readsData(
  app: Hono,
  path: string,
  answer: (...parameters: Parameters<Answer>) => Promise<unknown>,
): void {
  reads(app, path, async (p, c, missing) => ({
    status: "success",
    data: await answer(p, c, missing),
  }));
}
