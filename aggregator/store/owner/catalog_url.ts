import { readFileSync } from "node:fs";
import { OperatingError } from "#shared/errors.ts";
import { storeError } from "../errors.ts";

export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:/.test(url);
}

/** The file of a catalog in SQLite. */
export function sqlitePathOf(url: string): string {
  return url.replace(/^sqlite:(\/\/)?/, "");
}

/** The URL of a catalog in PostgreSQL with the password that a file holds. Throws OperatingError. */
export function withPassword(catalog: string, passwordFile: string): string {
  if (!isPostgresUrl(catalog))
    throw new OperatingError(
      "bad_request",
      "storage.catalog_password_file is given: expected storage.catalog to be postgres://user@host/database",
    );
  const url = new URL(catalog);
  if (url.password !== "")
    throw new OperatingError(
      "bad_request",
      "storage.catalog and storage.catalog_password_file both give a password: expected one of them",
    );
  try {
    url.password = encodeURIComponent(readFileSync(passwordFile, "utf8").trim());
  } catch (cause) {
    throw storeError(`read storage.catalog_password_file ${passwordFile}`, cause);
  }
  return url.href;
}
