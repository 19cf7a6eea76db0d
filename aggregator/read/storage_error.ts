import { OperatingError, messageOf } from "#shared/errors.ts";

/** A failure of disk, bucket, catalog or DuckDB as one of the codes that callers decide by. */
export function storeError(what: string, cause: unknown): OperatingError {
  if (cause instanceof OperatingError) return cause;
  const code = codeOf(cause);
  const message = textOf(cause, code);
  if (isNoSpace(code, message))
    return new OperatingError("no_space", `${what}: ${message}`, { cause });
  if (code === "ENOENT" || code === "NoSuchKey")
    return new OperatingError("not_found", `${what}: ${message}`, { cause });
  if (/out of memory/i.test(message))
    return new OperatingError("overloaded", `${what}: ${message}`, { cause });
  return new OperatingError("unavailable", `${what}: ${message}`, { cause });
}

/** Bun's S3 client says the same of every connection that fails; its code distinguishes them. */
function textOf(cause: unknown, code: string): string {
  const message = messageOf(cause);
  if (!(cause instanceof Error) || cause.name !== "S3Error" || !/unexpected error/.test(message))
    return message;
  // Bun's code for a failure without a body, as any answer to a HEAD request is.
  if (code === "UnknownError")
    return `the S3 server failed or refused the request: check storage.s3 (endpoint and keys), that the server runs, and this machine's clock`;
  const reason = connectionFaults[code] ?? "failed";
  return `the S3 server ${reason} (${code}): check storage.s3.endpoint, and that the server runs`;
}

const connectionFaults: Readonly<Record<string, string>> = {
  ConnectionRefused: "refused the connection",
  ConnectionClosed: "closed the connection",
  ConnectionReset: "reset the connection",
  DNSResolveFailed: "has a name that can't be resolved",
  Timeout: "did not answer in time",
};

function isNoSpace(code: string, message: string): boolean {
  if (["ENOSPC", "EDQUOT", "SQLITE_FULL", "53100"].includes(code)) return true;
  return /no space left|disk (is )?full|quota exceeded/i.test(message);
}

function codeOf(cause: unknown): string {
  if (typeof cause !== "object" || cause === null) return "";
  if ("errno" in cause && typeof cause.errno === "string" && cause.errno === "53100")
    return "53100";
  return "code" in cause && typeof cause.code === "string" ? cause.code : "";
}
