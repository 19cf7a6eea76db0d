import type { SQL } from "bun";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { count } from "../catalog/catalog_count.ts";
import { insertAudit } from "../catalog/catalog_writes.ts";
import type { CheckedDocument, DocumentFormat } from "./document.ts";
import type { Summary } from "./summary.ts";
import { cleanFolder } from "./uid.ts";

export type Transactions = Pick<Catalog, "transaction">;
export type By = { readonly actor: string; readonly nowMs: number };

/** A dashboard of the catalog, as of one version. */
export type Saved = {
  readonly summary: Summary;
  readonly format: DocumentFormat;
  /** JSON. */
  readonly document: string;
};

export type SavedVersion = {
  readonly version: number;
  readonly createdMs: number;
  readonly message: string;
  readonly document: string;
};

export type Saving = {
  readonly tenant: string;
  readonly uid: string;
  readonly document: CheckedDocument;
  readonly folder: string;
  /** In the words of the person. */
  readonly message: string;
  /** The version that was edited; 0 for a new one, -1 for whatever is there. */
  readonly basedOn: number;
};

const dashboardsMax = 10_000;
const versionsMax = 100;
/** Of all versions of a dashboard together: what a list of them brings is bounded by it, too. */
const versionCharactersMax = 32 * 1_024 * 1_024;
const messageCharactersMax = 1_000;

/** Without documents, by title. */
export function listSaved(catalog: Transactions, tenant: string): Promise<Summary[]> {
  return catalog.transaction("read dashboards", async (sql) => {
    const rows = await sql`SELECT uid, version, title, description, folder, tags, panels, updated_ms
      FROM dashboards WHERE tenant = ${tenant} ORDER BY title, uid`;
    return z.array(SummaryRow).parse([...rows]);
  });
}

/** The newest version for 0. undefined where there is none. */
export function readSaved(
  catalog: Transactions,
  { tenant, uid, version }: { tenant: string; uid: string; version: number },
): Promise<Saved | undefined> {
  return catalog.transaction("read a dashboard", async (sql) => {
    const newest = await current(sql, tenant, uid);
    if (newest === undefined || version === 0 || version === newest.summary.version) return newest;
    const rows = await sql`SELECT version, format, document, message, created_ms
      FROM dashboard_versions
      WHERE tenant = ${tenant} AND uid = ${uid} AND version = ${version}`;
    const [found] = z.array(VersionRow).parse([...rows]);
    if (found === undefined) return undefined;
    const { format, document, createdMs } = found;
    return { summary: { ...newest.summary, version, updatedMs: createdMs }, format, document };
  });
}

/**
 * Keeps a new version; one that is equal to the newest is that. Throws OperatingError "conflict" where it is not based on the
 * newest, "not_found" where it is based on one of a dashboard that is gone.
 */
export async function saveDashboard(
  catalog: Transactions,
  saving: Saving,
  by: By,
): Promise<{ readonly summary: Summary; readonly isNew: boolean }> {
  const { tenant, uid, document, basedOn } = saving;
  const folder = cleanFolder(saving.folder);
  return catalog.transaction("save a dashboard", async (sql) => {
    const newest = await current(sql, tenant, uid);
    expectBase(newest, uid, basedOn);
    if (newest === undefined) await expectRoom(sql, tenant);
    else if (newest.document === document.json && newest.summary.folder === folder)
      return { summary: newest.summary, isNew: false };
    const version = (newest?.summary.version ?? 0) + 1;
    const { title, description, panels, format, json } = document;
    const tags = JSON.stringify(document.tags);
    await sql`INSERT INTO dashboards
      (tenant, uid, version, title, description, folder, tags, panels, format, document, created_ms,
        updated_ms)
      VALUES (${tenant}, ${uid}, ${version}, ${title}, ${description}, ${folder}, ${tags}, ${panels},
        ${format}, ${json}, ${by.nowMs}, ${by.nowMs})
      ON CONFLICT (tenant, uid) DO UPDATE SET version = excluded.version, title = excluded.title,
        description = excluded.description, folder = excluded.folder, tags = excluded.tags,
        panels = excluded.panels, format = excluded.format, document = excluded.document,
        updated_ms = excluded.updated_ms`;
    const message = saving.message.replaceAll("\0", "").slice(0, messageCharactersMax);
    await sql`INSERT INTO dashboard_versions
      (tenant, uid, version, format, document, characters, message, actor, created_ms)
      VALUES (${tenant}, ${uid}, ${version}, ${format}, ${json}, ${json.length}, ${message},
        ${by.actor}, ${by.nowMs})`;
    await forgetOldVersions(sql, tenant, uid);
    await audit(sql, tenant, "save_dashboard", { uid, version, title }, by);
    const saved = await current(sql, tenant, uid);
    if (saved === undefined) throw notFound(uid);
    return { summary: saved.summary, isNew: true };
  });
}

/** With its versions and its star. Throws OperatingError "not_found". */
export function deleteDashboard(
  catalog: Transactions,
  { tenant, uid }: { tenant: string; uid: string },
  by: By,
): Promise<Summary> {
  return catalog.transaction("delete a dashboard", async (sql) => {
    const found = await current(sql, tenant, uid);
    if (found === undefined) throw notFound(uid);
    await sql`DELETE FROM dashboards WHERE tenant = ${tenant} AND uid = ${uid}`;
    await sql`DELETE FROM dashboard_versions WHERE tenant = ${tenant} AND uid = ${uid}`;
    await sql`DELETE FROM dashboard_stars WHERE tenant = ${tenant} AND uid = ${uid}`;
    const { title, version } = found.summary;
    await audit(sql, tenant, "delete_dashboard", { uid, version, title }, by);
    return found.summary;
  });
}

/** The newest first. Empty where there is no such dashboard. */
export function listVersions(
  catalog: Transactions,
  { tenant, uid }: { tenant: string; uid: string },
): Promise<SavedVersion[]> {
  return catalog.transaction("read versions of a dashboard", async (sql) => {
    const rows = await sql`SELECT version, format, document, message, created_ms
      FROM dashboard_versions WHERE tenant = ${tenant} AND uid = ${uid} ORDER BY version DESC`;
    return z.array(VersionRow).parse([...rows]);
  });
}

/** Uids with a star. There is no login yet, so that stars are everybody's. */
export function listStars(catalog: Transactions, tenant: string): Promise<ReadonlySet<string>> {
  return catalog.transaction("read stars", async (sql) => {
    const rows = await sql`SELECT uid FROM dashboard_stars WHERE tenant = ${tenant}`;
    return new Set(
      z
        .array(z.object({ uid: z.string() }))
        .parse([...rows])
        .map(({ uid }) => uid),
    );
  });
}

export function setStar(
  catalog: Transactions,
  { tenant, uid, starred }: { tenant: string; uid: string; starred: boolean },
): Promise<void> {
  return catalog.transaction("star a dashboard", async (sql) => {
    if (starred)
      await sql`INSERT INTO dashboard_stars (tenant, uid) VALUES (${tenant}, ${uid})
        ON CONFLICT (tenant, uid) DO NOTHING`;
    else await sql`DELETE FROM dashboard_stars WHERE tenant = ${tenant} AND uid = ${uid}`;
  });
}

export function notFound(uid: string, version = 0): OperatingError {
  const which = version === 0 ? "" : `version ${version} of `;
  return new OperatingError(
    "not_found",
    `there is no ${which}dashboard ${JSON.stringify(uid.slice(0, 200))}`,
  );
}

async function current(sql: SQL, tenant: string, uid: string): Promise<Saved | undefined> {
  const rows = await sql`SELECT * FROM dashboards WHERE tenant = ${tenant} AND uid = ${uid}`;
  const found: unknown[] = [...rows];
  const [summary] = z.array(SummaryRow).parse(found);
  const [body] = z.array(BodyRow).parse(found);
  return summary === undefined || body === undefined ? undefined : { summary, ...body };
}

function expectBase(newest: Saved | undefined, uid: string, basedOn: number): void {
  const shown = JSON.stringify(uid);
  if (basedOn === -1) return;
  if (newest === undefined) {
    if (basedOn > 0) throw notFound(uid);
    return;
  }
  const { version } = newest.summary;
  if (basedOn === version) return;
  throw new OperatingError(
    "conflict",
    basedOn === 0
      ? `there is a dashboard ${shown} already (version ${version})`
      : `dashboard ${shown} is at version ${version} by now, this was made from version ${basedOn}: look at what changed, then save again`,
  );
}

async function expectRoom(sql: SQL, tenant: string): Promise<void> {
  const rows = await sql`SELECT count(*) AS number FROM dashboards WHERE tenant = ${tenant}`;
  const [row] = z.array(z.object({ number: count })).parse([...rows]);
  if ((row?.number ?? 0) < dashboardsMax) return;
  const message = `there are ${dashboardsMax} dashboards: expected no more`;
  throw new OperatingError("overloaded", message);
}

async function forgetOldVersions(sql: SQL, tenant: string, uid: string): Promise<void> {
  const rows = await sql`SELECT version, characters FROM dashboard_versions
    WHERE tenant = ${tenant} AND uid = ${uid} ORDER BY version DESC`;
  let characters = 0;
  const kept = z
    .array(z.object({ version: count, characters: count }))
    .parse([...rows])
    .filter((row, i) => {
      characters += row.characters;
      return i === 0 || (i < versionsMax && characters <= versionCharactersMax);
    });
  const oldest = kept.at(-1)?.version ?? 0;
  await sql`DELETE FROM dashboard_versions
    WHERE tenant = ${tenant} AND uid = ${uid} AND version < ${oldest}`;
}

async function audit(sql: SQL, tenant: string, action: string, detail: object, by: By) {
  const entry = { atMs: by.nowMs, tenant, actor: by.actor, action, detail: JSON.stringify(detail) };
  await insertAudit(sql, Bun.randomUUIDv7(), entry);
}

/** Of a list of texts in a column of JSON. */
export const TextsColumn = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.array(z.string()));

const SummaryRow = z
  .object({
    uid: z.string(),
    version: count,
    title: z.string(),
    description: z.string(),
    folder: z.string(),
    tags: TextsColumn,
    panels: count,
    updated_ms: count,
  })
  .transform(({ updated_ms, ...row }): Summary => ({
    ...row,
    origin: "saved",
    source: "",
    updatedMs: updated_ms,
    fault: "",
  }));

const Format = z.enum(["lapwing", "grafana"]);
const BodyRow = z.object({ format: Format, document: z.string() });
const VersionRow = z
  .object({
    version: count,
    format: Format,
    document: z.string(),
    message: z.string(),
    created_ms: count,
  })
  .transform(({ created_ms, ...row }) => ({ ...row, createdMs: created_ms }));
