import { z } from "zod";
import { readItem, writeItem } from "./stored.ts";

/** Queries that were run in this browser, of one language. */
export type PastQuery = {
  readonly expr: string;
  readonly lastMs: number;
  readonly runs: number;
  readonly starred: boolean;
};

/** Beyond these the oldest without a star go. */
const pastMax = 300;
const exprLengthMax = 10_000;

const Past = z.array(
  z.object({
    expr: z.string(),
    lastMs: z.number(),
    runs: z.number(),
    starred: z.boolean(),
  }),
);

export type QueryLanguage = "promql" | "logql";

/** The latest first. What the browser holds is not trusted: another shape counts as none. */
export function pastQueries(language: QueryLanguage): readonly PastQuery[] {
  const text = readItem(keyOf(language));
  if (text === undefined) return [];
  try {
    const checked = Past.safeParse(JSON.parse(text));
    return checked.success ? checked.data : [];
  } catch {
    return [];
  }
}

/** Puts a query that ran at the top. */
export function rememberQuery(language: QueryLanguage, expr: string, nowMs: number): void {
  const text = expr.trim();
  if (text === "" || text.length > exprLengthMax) return;
  const past = pastQueries(language);
  const same = past.find((each) => each.expr === text);
  const entry = {
    expr: text,
    lastMs: nowMs,
    runs: (same?.runs ?? 0) + 1,
    starred: same?.starred ?? false,
  };
  keep(language, [entry, ...past.filter((each) => each !== same)]);
}

/** Stars stay when others are forgotten. */
export function starQuery(language: QueryLanguage, expr: string, starred: boolean): void {
  keep(
    language,
    pastQueries(language).map((each) => (each.expr === expr ? { ...each, starred } : each)),
  );
}

/** Without `expr`, all that have no star. */
export function forgetQueries(language: QueryLanguage, expr?: string): void {
  const gone = (each: PastQuery): boolean =>
    expr === undefined ? !each.starred : each.expr === expr;
  keep(
    language,
    pastQueries(language).filter((each) => !gone(each)),
  );
}

function keep(language: QueryLanguage, past: readonly PastQuery[]): void {
  let room = pastMax - past.filter(({ starred }) => starred).length;
  const kept = past.filter(({ starred }) => starred || room-- > 0);
  writeItem(keyOf(language), JSON.stringify(kept));
}

function keyOf(language: QueryLanguage): string {
  return `lapwing.history.${language}`;
}
