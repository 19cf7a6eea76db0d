import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { writePrivate } from "./private_file.ts";

/** Written at the enrolment: how to reach the aggregator when NATS lets this agent in no more. */
const Kept = z.object({ url: z.string().min(1) });

const fileName = "aggregator.json";

/** Throws OperatingError "bad_request". */
export function addressOf(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new OperatingError("bad_request", `--url is "${text}": expected http://… or https://…`);
}

export function keepAddress(folder: string, url: URL): Promise<void> {
  return writePrivate(join(folder, fileName), `${JSON.stringify({ url: url.href })}\n`);
}

/** undefined where none was kept. */
export async function keptAddress(folder: string): Promise<URL | undefined> {
  try {
    return addressOf(Kept.parse(JSON.parse(await readFile(join(folder, fileName), "utf8"))).url);
  } catch {
    return undefined;
  }
}
