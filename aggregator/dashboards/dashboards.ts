import { OperatingError } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { type CheckedDocument, type DocumentFormat } from "./document.ts";
import {
  type SavedVersion,
  type Transactions,
  deleteDashboard,
  listSaved,
  listStars,
  listVersions,
  notFound,
  readSaved,
  saveDashboard,
  setStar,
} from "./saved_dashboards.ts";
import type { Provided, Summary } from "./summary.ts";
import { expectUid, isUid, newUid } from "./uid.ts";

/** A summary as people see it. */
export type Listed = Summary & { readonly starred: boolean };

export type Found = {
  readonly summary: Listed;
  readonly format: DocumentFormat;
  /** JSON. */
  readonly document: string;
};

/** What became of a dashboard, for those who tell of it. */
export type DashboardChange = {
  readonly tenant: string;
  readonly action: "saved" | "deleted";
  readonly summary: Summary;
};

type DashboardsParts = {
  readonly catalog: Transactions;
  readonly clock: Clock;
  /** Those of files, now, by uid. */
  readonly files: () => ReadonlyMap<string, Provided>;
  /** Those that come with Lapwing, by uid. */
  readonly builtIn: () => Promise<ReadonlyMap<string, Provided>>;
  readonly onChange?: (change: DashboardChange) => void;
};

type Save = {
  /** Empty for a new one. */
  readonly uid: string;
  readonly document: CheckedDocument;
  readonly folder: string;
  readonly message: string;
  readonly basedOn: number;
};

/** There is no login yet, so nobody has a name. */
const actor = "anonymous";

/** Dashboards of the catalog, of files, and those that come with Lapwing, as one list. A saved one wins over a file with its uid. */
export class Dashboards {
  readonly #parts: DashboardsParts;

  constructor(parts: DashboardsParts) {
    this.#parts = parts;
  }

  /** By title. */
  async list(tenant: string): Promise<Listed[]> {
    const { catalog, files, builtIn } = this.#parts;
    const saved = await listSaved(catalog, tenant);
    const stars = await listStars(catalog, tenant);
    const uids = new Set(saved.map(({ uid }) => uid));
    const provided = [...files().values(), ...(await builtIn()).values()].map(({ summary }) =>
      uids.has(summary.uid) ? shadowed(summary) : summary,
    );
    return [...saved, ...provided]
      .map((summary) => ({ ...summary, starred: stars.has(summary.uid) }))
      .toSorted((a, b) => a.title.localeCompare(b.title) || (a.uid < b.uid ? -1 : 1));
  }

  /** The newest version for 0. Throws OperatingError "not_found". */
  async get(tenant: string, uid: string, version = 0): Promise<Found> {
    if (!isUid(uid)) throw notFound(uid);
    const { catalog } = this.#parts;
    const starred = (await listStars(catalog, tenant)).has(uid);
    const saved = await readSaved(catalog, { tenant, uid, version });
    if (saved !== undefined) return { ...saved, summary: { ...saved.summary, starred } };
    const provided = await this.#provided(uid);
    if (provided === undefined || (version !== 0 && version !== provided.summary.version))
      throw notFound(uid, version);
    const { summary, document } = provided;
    if (document === undefined)
      throw new OperatingError("bad_request", `${summary.source}: ${summary.fault}`);
    return { summary: { ...summary, starred }, format: document.format, document: document.json };
  }

  /** Throws OperatingError "bad_request", "conflict", "not_found", and "read_only" for one that is not in the catalog. */
  async save(tenant: string, given: Save): Promise<Listed> {
    const { catalog, clock, onChange } = this.#parts;
    const uid = given.uid === "" ? newUid() : given.uid;
    expectUid(uid);
    if (!Number.isSafeInteger(given.basedOn) || given.basedOn < -1)
      throw new OperatingError("bad_request", `based_on is ${given.basedOn}: expected -1 or more`);
    await this.#expectOwn(tenant, uid, "saved in its place: save it as a new one");
    const by = { actor, nowMs: clock.now() };
    const { summary, isNew } = await saveDashboard(catalog, { ...given, tenant, uid }, by);
    if (isNew) onChange?.({ tenant, action: "saved", summary });
    return { ...summary, starred: (await listStars(catalog, tenant)).has(uid) };
  }

  /** Throws OperatingError "not_found", and "read_only" for one that is not in the catalog. */
  async delete(tenant: string, uid: string): Promise<void> {
    const { catalog, clock, onChange } = this.#parts;
    await this.#expectOwn(tenant, uid, "deleted here");
    const summary = await deleteDashboard(catalog, { tenant, uid }, { actor, nowMs: clock.now() });
    onChange?.({ tenant, action: "deleted", summary });
  }

  /** The newest first. Throws OperatingError "not_found"; of what is not in the catalog there is one version. */
  async versions(tenant: string, uid: string): Promise<SavedVersion[]> {
    const saved = await listVersions(this.#parts.catalog, { tenant, uid });
    if (saved.length > 0) return saved;
    const { summary, document } = await this.get(tenant, uid);
    return [{ version: summary.version, createdMs: summary.updatedMs, message: "", document }];
  }

  /** Throws OperatingError "not_found". */
  async star(tenant: string, uid: string, starred: boolean): Promise<void> {
    const { catalog } = this.#parts;
    const isThere =
      (await this.#provided(uid)) !== undefined ||
      (await listSaved(catalog, tenant)).some((one) => one.uid === uid);
    if (!isThere) throw notFound(uid);
    await setStar(catalog, { tenant, uid, starred });
  }

  async #provided(uid: string): Promise<Provided | undefined> {
    return this.#parts.files().get(uid) ?? (await this.#parts.builtIn()).get(uid);
  }

  async #expectOwn(tenant: string, uid: string, refused: string): Promise<void> {
    const provided = await this.#provided(uid);
    if (provided === undefined) return;
    const saved = await listSaved(this.#parts.catalog, tenant);
    // A file that came after a dashboard of its uid does not take that from its owner.
    if (saved.some((one) => one.uid === uid)) return;
    const { origin, source } = provided.summary;
    const from = origin === "file" ? `the file ${source}` : "Lapwing itself";
    throw new OperatingError(
      "read_only",
      `dashboard ${JSON.stringify(uid)} comes from ${from} and can't be ${refused}`,
    );
  }
}

function shadowed(summary: Summary): Summary {
  const fault = `a saved dashboard has the uid "${summary.uid}", and is shown in its place`;
  return { ...summary, uid: `${summary.uid}-${summary.origin}`, fault };
}
