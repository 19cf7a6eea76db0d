import { readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { hostName } from "#shared/runtime/config/base_config.ts";
import type { Effect, Remark } from "./account.ts";
import { importConfig, unacceptedOf } from "./import_config.ts";
import { isShipper, shipperNames } from "./shippers.ts";

type ImportFlags = {
  readonly output?: string;
  readonly expandEnv?: boolean;
  readonly accept?: readonly string[];
};

/** `lapwing import SHIPPER FILE`: another shipper's configuration as a lapwing.yaml, and a report of what is missing. */
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
    .option(
      "--accept <name>",
      "import without a part that drops, keeps or redacts records (repeat it for each)",
      (name: string, names: readonly string[] | undefined) => [...(names ?? []), name],
    )
    .action(importFile);
}

const consequences: Readonly<Record<Effect, string>> = {
  drops: "records that it drops are stored",
  keeps: "records that it keeps are dropped",
  redacts: "what it removes or masks is stored",
  unknown: "whatever it drops, changes or masks is stored as it comes",
};

function reported({ at, path, kind, reason, weight, stop }: Remark): string {
  const kinds = { lost: "not carried over", differs: "carried over, but" } as const;
  const place = `${at}: ${path === "" ? "(file)" : path}: ${weight}: ${kinds[kind]}: ${reason}`;
  return stop === undefined
    ? place
    : `${place}; ${consequences[stop.effect]} (--accept ${stop.name})`;
}

/** Throws OperatingError("bad_request") that names each part that the import must not leave out unasked. */
function refuseUnaccepted(file: string, remarks: readonly Remark[], accepted: readonly string[]) {
  const names = unacceptedOf(remarks, accepted);
  if (names.length > 0)
    throw new OperatingError(
      "bad_request",
      `${file}: nothing is written: the result would drop, keep or show other records than before. ` +
        `Change the file, or import without these parts: ${names.map((name) => `--accept '${name}'`).join(" ")}`,
    );
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
    hostname: hostName(),
    expandEnv: flags.expandEnv === true,
    readBeside: (path) => read(resolve(dirname(file), path)),
  });
  for (const remark of imported.remarks) console.error(reported(remark));
  console.error(`${file}: ${imported.carried} settings carried over, ${imported.lost} not`);
  refuseUnaccepted(file, imported.remarks, flags.accept ?? []);
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
