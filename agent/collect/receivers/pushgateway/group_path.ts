import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";

const base64Suffix = "@base64";
const labelsMax = 64;

/**
 * Grouping labels of a path behind /metrics/, such as "job/backup/instance/a" or "job@base64/YS9i" (README of
 * prometheus/pushgateway, URL). Throws OperatingError("bad_request").
 */
export function parseGroupPath(path: string): Labels {
  const parts = path.split("/");
  if (parts.length % 2 === 1 || parts.length > 2 * labelsMax)
    throw refused(`path has ${parts.length} parts, expected pairs of name and value`);
  const labels = new Map<string, string>();
  for (let i = 0; i < parts.length; i += 2) {
    const isBase64 = parts[i]?.endsWith(base64Suffix) === true;
    const name = decoded(parts[i] ?? "").slice(0, isBase64 ? -base64Suffix.length : undefined);
    if (i === 0 && name !== "job")
      throw refused(`path begins with ${JSON.stringify(name)}, expected job`);
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || name.startsWith("__"))
      throw refused(`label name ${JSON.stringify(name)} is not allowed`);
    if (labels.has(name)) throw refused(`label ${name} stands twice in the path`);
    labels.set(name, isBase64 ? fromBase64(parts[i + 1] ?? "") : decoded(parts[i + 1] ?? ""));
  }
  if (labels.get("job") === "") throw refused("job name is required");
  return Object.fromEntries([...labels].filter(([, value]) => value !== ""));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new OperatingError("bad_request", `path has the part ${JSON.stringify(text)}`, { cause });
  }
}

/** URL-safe, with or without padding; "=" alone is the empty text. */
function fromBase64(text: string): string {
  const plain = decoded(text).replace(/=+$/, "");
  if (!/^[a-zA-Z0-9_-]*$/.test(plain) || plain.length % 4 === 1)
    throw refused(`value ${JSON.stringify(text)} is not base64url`);
  return Buffer.from(plain, "base64url").toString("utf8");
}

function refused(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}
