import { authorizationOf, readFile } from "#shared/http/credentials.ts";
import { version } from "#shared/version.ts";
import type { HttpRequestOptions } from "./config.ts";

/** Headers of the first request: those of the configuration, files read anew, and who asks. `Host` is not among them. Throws OperatingError. */
export async function requestHeaders(
  options: HttpRequestOptions,
  plain: Readonly<Record<string, string>>,
): Promise<Map<string, string>> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(plain))
    if (name.toLowerCase() !== "host") set(headers, name, value);
  for (const [name, { values, secrets, files }] of Object.entries(options.http_headers)) {
    const texts = await Promise.all(files.map(async (file) => (await readFile(file)).trim()));
    const last = [...values, ...secrets, ...texts].at(-1);
    if (last !== undefined) set(headers, name, last);
  }
  const authorization = await authorizationOf(options);
  if (authorization !== undefined && !has(headers, "authorization"))
    headers.set("Authorization", authorization);
  if (!has(headers, "user-agent")) headers.set("User-Agent", `Lapwing/${version}`);
  return headers;
}

/** Replaces a header of the same name in whatever letters. */
export function set(headers: Map<string, string>, name: string, value: string): void {
  remove(headers, name);
  headers.set(name, value);
}

export function remove(headers: Map<string, string>, name: string): void {
  for (const known of headers.keys())
    if (known.toLowerCase() === name.toLowerCase()) headers.delete(known);
}

export function has(headers: ReadonlyMap<string, string>, name: string): boolean {
  return [...headers.keys()].some((known) => known.toLowerCase() === name);
}
