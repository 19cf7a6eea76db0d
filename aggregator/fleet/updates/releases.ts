import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { createZstdCompress } from "node:zlib";
import { z } from "zod";
import {
  type Manifest,
  type SignedManifest,
  parseManifest,
  revisionOf,
} from "#proto/update/manifest.ts";
import { chunkBytesMax } from "#proto/update/wire.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { count } from "../../catalog/catalog_count.ts";
import { insertAudit } from "../../catalog/catalog_writes.ts";

type Transactions = Pick<Catalog, "transaction">;

/** A release as it was published. */
export type Published = SignedManifest & {
  readonly revision: string;
  readonly version: string;
  readonly sequence: number;
  readonly publishedMs: number;
  readonly actor: string;
};

/** What `release list` shows, and rollouts are made of; the newest first. */
export function listReleases(catalog: Transactions, tenant: string): Promise<Published[]> {
  return catalog.transaction("read releases", async (sql) =>
    z
      .array(ReleaseRow)
      .parse([
        ...(await sql`SELECT * FROM agent_releases WHERE tenant = ${tenant} ORDER BY sequence DESC`),
      ]),
  );
}

/** undefined where there is none of that name. */
export async function readRelease(
  catalog: Transactions,
  { tenant, revision }: { readonly tenant: string; readonly revision: string },
): Promise<Published | undefined> {
  return catalog.transaction("read a release", async (sql) => {
    const rows = await sql`SELECT * FROM agent_releases
      WHERE tenant = ${tenant} AND revision = ${revision}`;
    return z.array(ReleaseRow).parse([...rows])[0];
  });
}

/**
 * Makes a release known, whose binaries are stored already. The same once more changes nothing. Throws OperatingError "bad_request" where
 * another one has its sequence: each is for one release.
 */
export function insertRelease(
  catalog: Transactions,
  tenant: string,
  signed: SignedManifest,
  { actor, nowMs }: { readonly actor: string; readonly nowMs: number },
): Promise<string> {
  const { version, sequence } = parseManifest(signed.manifest);
  const revision = revisionOf({ version, sequence });
  return catalog.transaction("publish a release", async (sql) => {
    const rows = await sql`SELECT * FROM agent_releases
      WHERE tenant = ${tenant} AND sequence = ${sequence}`;
    const [known] = z.array(ReleaseRow).parse([...rows]);
    if (known?.manifest === signed.manifest) return revision;
    if (known !== undefined)
      throw new OperatingError(
        "bad_request",
        `sequence ${sequence} is that of release ${known.revision}: sign this one with a higher one`,
      );
    await sql`INSERT INTO agent_releases
      (tenant, revision, version, sequence, manifest, signature, published_ms, actor)
      VALUES (${tenant}, ${revision}, ${version}, ${sequence}, ${signed.manifest},
        ${signed.signature}, ${nowMs}, ${actor})`;
    const detail = JSON.stringify({ revision });
    const entry = { atMs: nowMs, tenant, actor, action: "publish_release", detail };
    await insertAudit(sql, Bun.randomUUIDv7(), entry);
    return revision;
  });
}

/** Where an aggregator keeps the programs of releases. */
export function releasesFolder(dataDir: string): string {
  return resolve(join(dataDir, "aggregator", "releases"));
}

/** The binaries of releases, compressed, each once: `<folder>/<sha256>.zst`. */
export class ReleaseFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Stores one, whole or not at all. Throws OperatingError "corrupt" where the file is not the one that the manifest tells. */
  async store(path: string, { sha256, size }: Manifest["artifacts"][number]): Promise<void> {
    const found = await describeFile(path);
    if (found.sha256 !== sha256 || found.size !== size)
      throw new OperatingError(
        "corrupt",
        `${path} has ${found.size} bytes and SHA-256 ${found.sha256}, expected ${size} and ${sha256}`,
      );
    await mkdir(this.#folder, { recursive: true });
    const fresh = `${this.#pathOf(sha256)}.${process.pid}`;
    try {
      await pipeline(createReadStream(path), createZstdCompress(), createWriteStream(fresh));
      const file = await open(fresh, "r");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(fresh, this.#pathOf(sha256));
    } finally {
      await rm(fresh, { force: true });
    }
  }

  /** Bytes of the compressed file; 0 where there is none. */
  async size(sha256: string): Promise<number> {
    return (await stat(this.#pathOf(sha256)).catch(() => undefined))?.size ?? 0;
  }

  /** A piece from an offset on; empty at the end. Throws OperatingError "not_found". */
  async read(sha256: string, offset: number): Promise<Uint8Array> {
    let file;
    try {
      file = await open(this.#pathOf(sha256), "r");
    } catch (cause) {
      throw new OperatingError("not_found", "there is no such program", { cause });
    }
    try {
      const bytes = new Uint8Array(chunkBytesMax);
      const { bytesRead } = await file.read(bytes, 0, chunkBytesMax, offset);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  #pathOf(sha256: string): string {
    return join(this.#folder, `${sha256}.zst`);
  }
}

/** What a manifest tells of a file. */
export async function describeFile(path: string): Promise<{ size: number; sha256: string }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1_048_576 })) {
    size += chunk.length;
    hash.update(chunk);
  }
  return { size, sha256: hash.digest("hex") };
}

const ReleaseRow = z
  .object({
    revision: z.string(),
    version: z.string(),
    sequence: count,
    manifest: z.string(),
    signature: z.string(),
    published_ms: count,
    actor: z.string(),
  })
  .transform(({ published_ms: publishedMs, ...row }) => ({ ...row, publishedMs }));
