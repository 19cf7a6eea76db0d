import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { count } from "../catalog/catalog_count.ts";
import { TextsColumn, type Transactions } from "./saved_dashboards.ts";

/** A note at a moment or over a time. */
export type StoredAnnotation = {
  /** Empty for a new one. */
  readonly id: string;
  readonly startMs: number;
  /** 0 for a moment. */
  readonly endMs: number;
  readonly title: string;
  readonly text: string;
  readonly tags: readonly string[];
  /** Where it is shown; everywhere where empty. */
  readonly dashboard: string;
  /** 0 for all panels. */
  readonly panel: number;
};

export type AnnotationSearch = {
  readonly tenant: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly dashboard: string;
  readonly tags: readonly string[];
};

/** So many are kept, and so many given at once: more would be a wall of lines. */
const keptMax = 100_000;
const givenMax = 2_000;
const bounds = { title: 1_000, text: 20_000, tags: 50, tag: 200, dashboard: 100 } as const;
/** The year 9999: what is beyond is no time but a mistake. */
const msMax = 253_402_300_799_999;

/** Those that overlap the time, by their start, the newest of too many. */
export async function listAnnotations(
  catalog: Transactions,
  { tenant, startMs, endMs, dashboard, tags }: AnnotationSearch,
): Promise<{ readonly annotations: StoredAnnotation[]; readonly truncated: boolean }> {
  const [from, to] = [whole(startMs, "start_ms"), whole(endMs, "end_ms")];
  return catalog.transaction("read annotations", async (sql) => {
    const where = dashboard === "" ? sql`` : sql`AND dashboard IN (${dashboard}, ${""})`;
    const rows = await sql`SELECT * FROM annotations
      WHERE tenant = ${tenant} AND start_ms <= ${to} AND end_ms >= ${from} ${where}
      ORDER BY start_ms DESC, id DESC LIMIT ${tags.length === 0 ? givenMax + 1 : keptMax}`;
    const found = z
      .array(Row)
      .parse([...rows])
      .filter((one) => tags.every((tag) => one.tags.includes(tag)));
    const annotations = found.slice(0, givenMax).toReversed();
    return { annotations, truncated: found.length > givenMax };
  });
}

/** Makes one where its id is empty. Throws OperatingError "bad_request", "not_found" and, when there are too many, "overloaded". */
export async function saveAnnotation(
  catalog: Transactions,
  tenant: string,
  given: StoredAnnotation,
): Promise<StoredAnnotation> {
  const one = checked(given);
  return catalog.transaction("save an annotation", async (sql) => {
    const { startMs, title, text, dashboard, panel } = one;
    const endMs = one.endMs === 0 ? startMs : one.endMs;
    const tags = JSON.stringify(one.tags);
    if (one.id !== "") {
      const rows = await sql`UPDATE annotations SET start_ms = ${startMs}, end_ms = ${endMs},
        title = ${title}, text = ${text}, tags = ${tags}, dashboard = ${dashboard}, panel = ${panel}
        WHERE tenant = ${tenant} AND id = ${one.id} RETURNING id`;
      if ([...rows].length === 0) throw absent(one.id);
      return one;
    }
    const counted = await sql`SELECT count(*) AS number FROM annotations WHERE tenant = ${tenant}`;
    const [row] = z.array(z.object({ number: count })).parse([...counted]);
    if ((row?.number ?? 0) >= keptMax)
      throw new OperatingError(
        "overloaded",
        `there are ${keptMax} annotations: expected no more, delete some`,
      );
    const id: string = Bun.randomUUIDv7();
    await sql`INSERT INTO annotations
      (tenant, id, start_ms, end_ms, title, text, tags, dashboard, panel)
      VALUES (${tenant}, ${id}, ${startMs}, ${endMs}, ${title}, ${text}, ${tags}, ${dashboard},
        ${panel})`;
    return { ...one, id };
  });
}

/** Throws OperatingError "not_found". */
export function deleteAnnotation(catalog: Transactions, tenant: string, id: string): Promise<void> {
  return catalog.transaction("delete an annotation", async (sql) => {
    const rows = await sql`DELETE FROM annotations WHERE tenant = ${tenant} AND id = ${id}
      RETURNING id`;
    if ([...rows].length === 0) throw absent(id);
  });
}

function checked(one: StoredAnnotation): StoredAnnotation {
  const startMs = whole(one.startMs, "start_ms");
  const endMs = one.endMs === 0 ? 0 : whole(one.endMs, "end_ms");
  if (endMs !== 0 && endMs < startMs)
    throw bad(`end_ms is ${endMs}: expected start_ms (${startMs}) or later`);
  for (const key of ["title", "text", "dashboard"] as const) bounded(key, one[key], bounds[key]);
  if (one.tags.length > bounds.tags)
    throw bad(`tags are ${one.tags.length}: expected at most ${bounds.tags}`);
  for (const tag of one.tags) bounded("a tag", tag, bounds.tag);
  if (one.title === "" && one.text === "") throw bad("title and text are empty: expected a word");
  return { ...one, startMs, endMs };
}

export function bounded(what: string, text: string, charactersMax: number): void {
  if (text.includes("\0")) throw bad(`${what} holds the character U+0000: expected text`);
  if (text.length > charactersMax)
    throw bad(`${what} has ${text.length} characters: expected at most ${charactersMax}`);
}

function whole(ms: number, what: string): number {
  if (Number.isFinite(ms) && Math.abs(ms) <= msMax) return Math.round(ms);
  throw bad(`${what} is ${ms}: expected Unix milliseconds`);
}

function absent(id: string): OperatingError {
  const message = `there is no annotation ${JSON.stringify(id.slice(0, 100))}`;
  return new OperatingError("not_found", message);
}

function bad(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}

const Row = z
  .object({
    id: z.string(),
    start_ms: count,
    end_ms: count,
    title: z.string(),
    text: z.string(),
    tags: TextsColumn,
    dashboard: z.string(),
    panel: count,
  })
  .transform(({ start_ms, end_ms, ...row }) => ({
    ...row,
    startMs: start_ms,
    endMs: end_ms === start_ms ? 0 : end_ms,
  }));
