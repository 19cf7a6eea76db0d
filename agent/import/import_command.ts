import { readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { importConfig } from "./import_config.ts";
import { isShipper, shipperNames } from "./shippers.ts";

type ImportFlags = { readonly output?: string; readonly expandEnv?: boolean };

/** `lapwing import SHIPPER FILE`: another shipper's configuration as a lapwing.yaml, and a list of what is not in it. */
export function importCommand(command: Command): void {
  command
    .description("turn another shipper's configuration into a lapwing.yaml (docs/import.md)")
    .argument("<shipper>", shipperNames.join(", "))
    .argument("<file>", "its configuration")
    .option("-o, --output <file>", "where to write (default: the standard output)")
    .option(
      "--expand-env",
      "expand variables in a file of Promtail, as its -config.expand-env does",
    )
    .action(importFile);
}

async function importFile(shipper: string, file: string, flags: ImportFlags): Promise<void> {
  if (!isShipper(shipper))
    throw new OperatingError(
      "bad_request",
      `shipper is "${shipper}": expected one of ${shipperNames.join(", ")}`,
    );
  const imported = importConfig(shipper, read(file), {
    file,
    environment: process.env,
    expandEnv: flags.expandEnv === true,
    readBeside: (path) => read(resolve(dirname(file), path)),
  });
  const kinds = { lost: "not carried over", differs: "carried over, but" } as const;
  for (const { at, path, kind, reason } of imported.remarks)
    console.error(`${at}: ${path === "" ? "(file)" : path}: ${kinds[kind]}: ${reason}`);
  console.error(`${file}: ${imported.carried} settings carried over, ${imported.lost} not`);
  if (flags.output === undefined) process.stdout.write(imported.text);
  // Passwords of the source are in it.
  else {
    await writeFile(flags.output, imported.text, { mode: 0o600 });
    await chmod(flags.output, 0o600);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new OperatingError("bad_request", `${file}: ${messageOf(cause)}`, { cause });
  }
}
