import type { SQL } from "bun";
import { createHash } from "node:crypto";
import { z } from "zod";
import { labelsKey } from "#shared/model/labels.ts";
import { count } from "../../catalog/catalog_count.ts";
import type { HistoryPlace } from "../state/history_place.ts";
import { type AlertChange, type OpenAlert, changeStates } from "./alert_change.ts";

/** Times are Unix milliseconds. */
export type ChangesQuery = {
  /** From, and before, these times. */
  readonly startMs: number;
  readonly endMs: number;
  readonly before: HistoryPlace | undefined;
  readonly state: AlertChange["state"] | undefined;
  /** The alert's name; undefined for all. */
  readonly name: string | undefined;
  readonly limit: number;
};

/** Writes changes, and what is pending or firing after them, as a few statements. A change that is there already stays as it is. */
export async function writeChanges(
  sql: SQL,
  tenant: string,
  changes: readonly AlertChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const placed = changes.map((change) => placeRow(tenant, change));
  const rows = changes.map(({ id, atMs, labels }, i) => ({
    ...placed[i],
    id,
    at_ms: Math.round(atMs),
    alert: labels["alertname"] ?? "",
  }));
  await sql`INSERT INTO alert_changes ${sql(rows)} ON CONFLICT (tenant, id) DO NOTHING`;
  // The last change of each alert counts.
  const last = new Map(changes.map((change, i) => [keyOf(change), placed[i]]));
  const [open, closed] = [[...last].filter(isOpen), [...last].filter((one) => !isOpen(one))];
  if (open.length > 0)
    await sql`INSERT INTO open_alerts ${sql(open.map(([id, row]) => ({ ...row, id })))}
      ON CONFLICT (tenant, id) DO UPDATE SET state = excluded.state, value = excluded.value`;
  if (closed.length > 0)
    await sql`DELETE FROM open_alerts WHERE tenant = ${tenant} AND id IN ${sql(closed.map(([id]) => id))}`;
}

function isOpen([, row]: readonly [string, ReturnType<typeof placeRow> | undefined]): boolean {
  return row?.state === "pending" || row?.state === "firing";
}

function placeRow(tenant: string, { state, labels, value, group }: AlertChange) {
  return {
    tenant,
    state,
    labels: JSON.stringify(labels),
    value: value === undefined ? null : String(value),
    rule_file: group?.file ?? null,
    rule_group: group?.name ?? null,
  };
}

function keyOf({ group, labels }: Pick<AlertChange, "group" | "labels">): string {
  const text = JSON.stringify([group?.file, group?.name, labelsKey(labels)]);
  return createHash("sha256").update(text).digest("hex");
}

/** What was pending or firing when the process before ended. */
export async function readOpenAlerts(sql: SQL, tenant: string): Promise<OpenAlert[]> {
  const rows = await sql`SELECT state, labels, value, rule_file, rule_group FROM open_alerts
    WHERE tenant = ${tenant}`;
  return z.array(OpenRow).parse([...rows]);
}

/** The newest first. */
export async function readChanges(
  sql: SQL,
  tenant: string,
  { startMs, endMs, before, state, name, limit }: ChangesQuery,
): Promise<AlertChange[]> {
  const { ms, id } = before ?? { ms: Number.MAX_SAFE_INTEGER, id: "" };
  const rows = await sql`SELECT * FROM alert_changes WHERE tenant = ${tenant}
    AND at_ms >= ${Math.floor(startMs)} AND at_ms < ${Math.ceil(endMs)}
    AND (at_ms < ${ms} OR (at_ms = ${ms} AND id < ${id}))
    ${state === undefined ? sql`` : sql`AND state = ${state}`}
    ${name === undefined ? sql`` : sql`AND alert = ${name}`}
    ORDER BY at_ms DESC, id DESC LIMIT ${limit}`;
  return z.array(ChangeRow).parse([...rows]);
}

const Texts = z.record(z.string(), z.string());
const placed = {
  labels: z.string().transform((text) => Texts.parse(JSON.parse(text))),
  value: z.string().nullable(),
  rule_file: z.string().nullable(),
  rule_group: z.string().nullable(),
};
type Placed = { value: string | null; rule_file: string | null; rule_group: string | null };

function placeOf({ value, rule_file: file, rule_group: name }: Placed) {
  return {
    value: value === null ? undefined : Number(value),
    group: file === null || name === null ? undefined : { file, name },
  };
}

const OpenRow = z
  .object({ ...placed, state: z.enum(["pending", "firing"]) })
  .transform((row): OpenAlert => ({ labels: row.labels, state: row.state, ...placeOf(row) }));

const ChangeRow = z
  .object({ ...placed, id: z.string(), at_ms: count, state: z.enum(changeStates) })
  .transform((row): AlertChange => ({
    id: row.id,
    atMs: row.at_ms,
    state: row.state,
    labels: row.labels,
    ...placeOf(row),
  }));
