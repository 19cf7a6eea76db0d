import { join, resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config/config_file.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { AggregatorFile } from "../aggregator_file.ts";
import { lineConditions } from "../../log_pipeline/line_conditions.ts";
import { MissingBlocks } from "../../read/missing_blocks.ts";
import { parseMetricSelector } from "#shared/query_language/promql/parse.ts";
import { backup, listBackups, restore } from "../../tools/backup.ts";
import { checkBlocks } from "../../tools/check_blocks.ts";
import { exportLogs } from "../../tools/export_logs.ts";
import { exportMetrics } from "../../tools/export_metrics.ts";
import { giveUpBlocks, repairBlocks } from "../../tools/repair.ts";
import { openObjects } from "../../blocks/open_store.ts";
import { rebuildCatalog } from "../../tools/rebuild_catalog.ts";
import type { StorageTools } from "../../tools/storage_tools.ts";
import { deletionCommands } from "./deletion_commands.ts";
import { flushCommand } from "./flush_command.ts";
import { ownerCommands } from "./owner_commands.ts";
import { trashCommand } from "./trash_command.ts";
import { within } from "./within.ts";

type ExportFlags = ConfigFlags & {
  readonly match: readonly string[];
  readonly logs?: string;
  readonly start?: string;
  readonly end?: string;
  readonly format: string;
  readonly output: string;
  readonly tenant?: string;
};

/** `lapwing storage check|repair|give-up|rebuild|export|backup|restore|adopt|sweep|trash|deletions|flush`: works on the catalog and the blocks of a configuration directly, but for `deletions` and `flush`. */
export function storageCommand(command: Command): void {
  command.description(
    "look after blocks and catalog: check, repair, give up, rebuild, export, back up, restore, adopt, trash",
  );
  sub(
    command,
    "check",
    "compare every block with the catalog; exits with 1 when something is wrong",
  ).action(check);
  sub(
    command,
    "repair",
    "put whole files in the place of damaged blocks; exits with 1 when some are left",
  )
    .option("--from <url>", "where backups are: a folder, file:///path or s3://bucket/prefix")
    .action(repair);
  sub(
    command,
    "give-up",
    "take damaged blocks out of the catalog for good, counted as lost (nothing else may run)",
  )
    .argument("<block...>", "ids of blocks, as `check` prints them")
    .requiredOption("--reason <text>", "why, for the audit")
    .action((ids: readonly string[], flags: ConfigFlags & { readonly reason: string }) =>
      giveUp(ids, flags),
    );
  sub(command, "rebuild", "fill an empty catalog from the blocks (nothing else may run)").action(
    rebuild,
  );
  sub(command, "export", "write samples or log records of committed blocks to a file")
    .option("--logs <query>", "log records: a stream selector, and line filters")
    .option("--match <selector>", "which series, as in PromQL; repeatable", collect, [])
    .option("--start <time>", "RFC 3339 or Unix seconds")
    .option("--end <time>", "RFC 3339 or Unix seconds")
    .option("--format <format>", "parquet; or openmetrics, of logs jsonl", "parquet")
    .option("--tenant <tenant>", "whose (default: the configuration's)")
    .requiredOption("--output <file>", "where to, - for the standard output (not parquet)")
    .action(exportSamples);
  sub(command, "backup", "copy blocks and catalog as of now; only what is new in the place")
    .requiredOption("--to <url>", "a folder, file:///path or s3://bucket/prefix")
    .action(makeBackup);
  sub(command, "restore", "bring a backup into an empty catalog (nothing else may run)")
    .requiredOption("--from <url>", "where backups are")
    .option("--name <name>", "which (default: the latest)")
    .option("--list", "only tell which there are")
    .action(restoreBackup);
  ownerCommands(command);
  trashCommand(command);
  deletionCommands(command);
  flushCommand(command);
}

function sub(command: Command, name: string, description: string): Command {
  return configFlags(command.command(name).description(description));
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

async function check(flags: ConfigFlags): Promise<void> {
  const report = await within(flags, "read", checkBlocks);
  for (const { block, reason } of report.faults)
    console.log(`${block.key}: block ${block.id}: ${reason}`);
  const { blocks, items, faults, orphans } = report;
  if (orphans.length > 0)
    console.log(
      `${orphans.length} files that the catalog does not know: those that its own processes left behind go to the trash`,
    );
  const verdict = faults.length === 0 ? "ok" : `${faults.length} faults`;
  console.log(`${blocks} blocks, ${items} items: ${verdict}`);
  if (faults.length > 0) process.exitCode = 1;
}

async function repair(flags: ConfigFlags & { readonly from?: string }): Promise<void> {
  const { storage, data_dir: dataDir } = await loadConfig(AggregatorFile, flags);
  const cacheFolder =
    storage.cache.path === "" ? join(dataDir, "aggregator", "cache") : storage.cache.path;
  const { blocks, repaired, left } = await within(flags, "read", (tools) => {
    const source = flags.from === undefined ? undefined : placeOf(tools, flags.from);
    return repairBlocks(tools, { backup: source, cacheFolder });
  });
  for (const { block, source } of repaired)
    console.log(`${block.key}: repaired from the ${source}`);
  for (const { block, reason } of left)
    console.log(`${block.key}: block ${block.id}: not repaired: ${reason}`);
  console.log(`${blocks} blocks, ${repaired.length} repaired, ${left.length} damaged`);
  if (left.length > 0) process.exitCode = 1;
}

async function giveUp(
  ids: readonly string[],
  flags: ConfigFlags & { readonly reason: string },
): Promise<void> {
  const blocks = await within(flags, "write", (tools) => giveUpBlocks(tools, ids, flags.reason));
  for (const { id, signal, items } of blocks)
    console.log(`gave up block ${id}: ${items} items of ${signal} are lost`);
}

async function rebuild(flags: ConfigFlags): Promise<void> {
  const report = await within(flags, "write", rebuildCatalog);
  for (const { key, reason } of report.unreadable) console.log(`${key}: left out: ${reason}`);
  const items = report.blocks.reduce((sum, block) => sum + block.items, 0);
  console.log(
    `${report.blocks.length} blocks, ${items} items, ${report.lanes} lanes, ${report.tombstones} deletions; ` +
      `${report.leftOut.length} files hold what others hold too, ${report.unreadable.length} can't be read`,
  );
  if (report.unreadable.length > 0) process.exitCode = 1;
}

async function exportSamples(flags: ExportFlags): Promise<void> {
  if (flags.logs !== undefined) return exportRecords(flags, flags.logs);
  const format = z.enum(["parquet", "openmetrics"]).safeParse(flags.format);
  if (!format.success) throw flagError("--format", flags.format, "parquet or openmetrics");
  if (format.data === "parquet" && flags.output === "-")
    throw flagError("--output", "-", "a file, for parquet");
  const startMs = timeOf("--start", flags.start, 0);
  const endMs = timeOf("--end", flags.end, Date.now());
  const selectors = flags.match.map((text) => parseMetricSelector(text));
  const { tenant: own } = await loadConfig(AggregatorFile, flags);
  const tenant = flags.tenant ?? own;
  const output = flags.output === "-" ? "-" : resolve(flags.output);
  const missing = new MissingBlocks();
  const request = { tenant, selectors, startMs, endMs, format: format.data, output, missing };
  const report = await within(flags, "read", (tools) => exportMetrics(tools, request));
  console.error(`${report.series} series, ${report.samples} samples`);
  reportMissing(missing);
}

async function exportRecords(flags: ExportFlags, query: string): Promise<void> {
  const format = z.enum(["parquet", "jsonl"]).safeParse(flags.format);
  if (!format.success) throw flagError("--format", flags.format, "parquet or jsonl, of logs");
  if (format.data === "parquet" && flags.output === "-")
    throw flagError("--output", "-", "a file, for parquet");
  if (flags.match.length > 0)
    throw flagError("--match", flags.match.join(" "), "nothing beside --logs");
  const startMs = timeOf("--start", flags.start, 0);
  const endMs = timeOf("--end", flags.end, Date.now());
  const { tenant: own } = await loadConfig(AggregatorFile, flags);
  const output = flags.output === "-" ? "-" : resolve(flags.output);
  const tenant = flags.tenant ?? own;
  const missing = new MissingBlocks();
  const request = { ...lineConditions(query), tenant, startMs, endMs, output, missing };
  const records = await within(flags, "read", (tools) =>
    exportLogs(tools, { ...request, format: format.data }),
  );
  console.error(`${records} records`);
  reportMissing(missing);
}

/** An export that leaves out damaged blocks fails, after it has written what there is. */
function reportMissing(missing: MissingBlocks): void {
  for (const text of missing.warnings()) console.error(text);
  if (!missing.isEmpty) process.exitCode = 1;
}

async function makeBackup(flags: ConfigFlags & { readonly to: string }): Promise<void> {
  const report = await within(flags, "read", (tools) => backup(tools, placeOf(tools, flags.to)));
  console.log(`backup ${report.name}: ${report.blocks} blocks, ${report.copied} of them new`);
  for (const key of report.damaged) console.error(`${key}: left out: its block is damaged`);
  if (report.damaged.length > 0) process.exitCode = 1;
}

async function restoreBackup(
  flags: ConfigFlags & { readonly from: string; readonly name?: string; readonly list?: boolean },
): Promise<void> {
  if (flags.list === true) {
    const { storage, data_dir: dataDir } = await loadConfig(AggregatorFile, flags);
    const from = openObjects({ ...storage, url: flags.from }, dataDir);
    for (const name of await listBackups(from)) console.log(name);
    return;
  }
  const report = await within(flags, "write", (tools) =>
    restore(tools, placeOf(tools, flags.from), flags.name),
  );
  console.log(`restored ${report.name}: ${report.blocks} blocks, ${report.copied} of them copied`);
}

/** With the bucket's access as the configuration has it for blocks. */
function placeOf({ config, staging }: StorageTools, url: string) {
  if (url === "") throw flagError("url", url, "a folder or s3://bucket/prefix");
  return openObjects({ ...config, url }, staging);
}

function timeOf(flag: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const ms = /^-?\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1_000) : Date.parse(text);
  if (Number.isSafeInteger(ms)) return ms;
  throw flagError(flag, text, "RFC 3339 or Unix seconds");
}

function flagError(flag: string, value: string, expected: string): OperatingError {
  return new OperatingError("bad_request", `${flag} is "${value}": expected ${expected}`);
}
