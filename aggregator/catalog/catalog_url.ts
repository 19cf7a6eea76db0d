import { readFileSync } from "node:fs";
import { OperatingError } from "#shared/errors.ts";
import { withoutSecretsIn } from "#shared/text/secrets.ts";
import { storeError } from "../read/storage_error.ts";

export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:/.test(url);
}

/** The file of a catalog in SQLite. */
export function sqlitePathOf(url: string): string {
  return url.replace(/^sqlite:(\/\/)?/, "");
}

/** Refuses what is no catalog, without showing its password. Throws OperatingError. */
export function checkCatalogUrl(catalog: string): void {
  const isPostgres = isPostgresUrl(catalog);
  const otherScheme = !isPostgres && /^(?!sqlite:)[a-z][a-z0-9+.-]*:\/\//i.test(catalog);
  if (!otherScheme && (!isPostgres || URL.canParse(catalog))) return;
  throw new OperatingError(
    "bad_request",
    `invalid storage.catalog "${withoutSecretsIn(catalog)}": expected postgres://user@host:5432/database or sqlite://path; ` +
      "in a password write # as %23, / as %2F and ? as %3F, or use storage.catalog_password_file",
  );
}

/** The URL of a catalog in PostgreSQL with the password that a file holds. Throws OperatingError. */
export function withPassword(catalog: string, passwordFile: string): string {
  if (!isPostgresUrl(catalog))
    throw new OperatingError(
      "bad_request",
      "storage.catalog_password_file is given: expected storage.catalog to be postgres://user@host/database",
    );
  const url = new URL(catalog);
  if (url.password !== "" || url.searchParams.has("password"))
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
