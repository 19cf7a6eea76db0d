import type { Command } from "commander";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseListen } from "#shared/runtime/config/base_config.ts";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config/config_file.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { AggregatorFile } from "../aggregator_file.ts";

export type ProcessFlags = ConfigFlags & { readonly url?: string };

/** Flags of a command that asks the process that runs. */
export function processFlags(command: Command): Command {
  return configFlags(command).option(
    "--url <url>",
    "where it listens (default: the configuration's listen)",
  );
}

type Asking = { readonly method: "GET" | "POST" | "DELETE"; readonly waitMs: number };

/** The text of its answer. Throws OperatingError "unavailable" where nothing answers, or the answer is a failure. */
export async function askProcess(
  flags: ProcessFlags,
  path: string,
  { method, waitMs }: Asking,
): Promise<string> {
  const url = new URL(path, flags.url ?? urlOf((await loadConfig(AggregatorFile, flags)).listen));
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, { method, signal: AbortSignal.timeout(waitMs) });
    text = await answer.text();
  } catch (cause) {
    throw new OperatingError("unavailable", `${url.href}: ${messageOf(cause)}`, { cause });
  }
  if (answer.ok) return text;
  throw new OperatingError("unavailable", `${url.href}: ${answer.status} ${text.trim()}`);
}

function urlOf(listen: string): string {
  const { hostname, port } = parseListen(listen);
  const host = hostname === "0.0.0.0" || hostname === "::" ? "127.0.0.1" : hostname;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;
}
