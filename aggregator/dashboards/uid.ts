import { OperatingError } from "#shared/errors.ts";

const shape = /^[A-Za-z0-9_-]{1,100}$/;

export function isUid(text: string): boolean {
  return shape.test(text);
}

/** Throws OperatingError "bad_request". */
export function expectUid(text: string): void {
  if (isUid(text)) return;
  throw new OperatingError(
    "bad_request",
    `uid is ${JSON.stringify(text.slice(0, 200))}: expected letters, digits, "_" and "-", 100 at most`,
  );
}

/** For a new dashboard: short enough for a link, and never the same twice. */
export function newUid(): string {
  return Bun.randomUUIDv7("base64url");
}

/** Of a path: what of it may stand in a uid. Two paths may have the same. */
export function uidOfPath(path: string): string {
  return path
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 80);
}

/** Parts divided by "/", without empty ones. Throws OperatingError "bad_request". */
export function cleanFolder(text: string): string {
  const folder = text
    .split("/")
    .map((part) => part.trim().replaceAll("\0", ""))
    .filter((part) => part !== "")
    .join("/");
  if (folder.length <= 200) return folder;
  throw new OperatingError(
    "bad_request",
    `folder has ${folder.length} characters, expected at most 200`,
  );
}
