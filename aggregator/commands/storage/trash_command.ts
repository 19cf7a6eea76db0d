import type { Command } from "commander";
import { OperatingError } from "#shared/errors.ts";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { listTrash, restoreTrash } from "../../tools/restore_trash.ts";
import { deleteTrash, type TrashItem } from "../../blocks/trash/trash.ts";
import { type TrashReason, trashReasons } from "../../catalog/trash_key.ts";
import { within } from "./within.ts";

type ChooseFlags = ConfigFlags & {
  readonly all?: boolean;
  readonly reason?: string;
  readonly since?: string;
  readonly key: readonly string[];
};

/** `lapwing storage trash list|restore|empty`. */
export function trashCommand(command: Command): void {
  const trash = command
    .command("trash")
    .description(
      "files past their retention, and what crashes left behind, before they are deleted",
    );
  configFlags(trash.command("list").description("what lies in the trash")).action(list);
  choosing(
    trash.command("restore").description("bring files back (nothing else may run)"),
    "bring back",
  ).action(restore);
  choosing(
    trash.command("empty").description("delete files of the trash for good"),
    "delete",
  ).action(empty);
}

function choosing(command: Command, verb: string): Command {
  return configFlags(command)
    .option("--all", `${verb} everything`)
    .option(
      "--reason <reason>",
      `${verb} what lies there for one reason: ${trashReasons.join(", ")}`,
    )
    .option("--since <time>", `${verb} what came since then (RFC 3339)`)
    .option("--key <key>", `${verb} one file, by the key that it had; repeatable`, collect, []);
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

async function list(flags: ConfigFlags): Promise<void> {
  const { items, keepMs } = await within(flags, "read", async (tools) => ({
    items: await listTrash(tools),
    keepMs: tools.config.trash.keep,
  }));
  for (const { origin, reason, trashedMs, bytes } of items)
    console.log(
      `${timeText(trashedMs)}  ${reason.padEnd(9)}  ${String(bytes).padStart(10)}  ${origin}  (until ${timeText(trashedMs + keepMs)})`,
    );
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  console.log(`${items.length} files, ${bytes} bytes`);
}

async function restore(flags: ChooseFlags): Promise<void> {
  const isChosen = chooser(flags);
  const report = await within(flags, "write", (tools) => restoreTrash(tools, isChosen));
  for (const { key, reason } of report.refused)
    console.log(`${key}: stays in the trash: ${reason}`);
  for (const key of report.files)
    console.log(
      `${key}: is back; the catalog has no row for it, \`lapwing storage rebuild\` decides`,
    );
  const items = report.blocks.reduce((sum, block) => sum + block.items, 0);
  console.log(`${report.blocks.length} blocks with ${items} items are back`);
  console.log("what is still past its retention goes again with the next round of maintenance");
  if (report.refused.length > 0) process.exitCode = 1;
}

async function empty(flags: ChooseFlags): Promise<void> {
  const isChosen = chooser(flags);
  const deleted = await within(flags, "read", async (tools) => {
    const chosen = (await listTrash(tools)).filter(isChosen);
    for (const { key } of chosen) await deleteTrash(tools, key);
    return chosen.length;
  });
  console.log(`${deleted} files deleted`);
}

function chooser({ all, reason, since, key }: ChooseFlags): (item: TrashItem) => boolean {
  const wanted = reason === undefined ? undefined : reasonOf(reason);
  const sinceMs = since === undefined ? undefined : Date.parse(since);
  if (sinceMs !== undefined && Number.isNaN(sinceMs))
    throw new OperatingError("bad_request", `--since is "${since}": expected RFC 3339`);
  const isAny = wanted !== undefined || sinceMs !== undefined || key.length > 0;
  if (all !== true && !isAny)
    throw new OperatingError(
      "bad_request",
      "no file is named: expected --all, --reason, --since or --key",
    );
  return (item) =>
    (wanted === undefined || item.reason === wanted) &&
    (sinceMs === undefined || item.trashedMs >= sinceMs) &&
    (key.length === 0 || key.includes(item.origin));
}

function reasonOf(text: string): TrashReason {
  const reason = trashReasons.find((one) => one === text);
  if (reason !== undefined) return reason;
  throw new OperatingError(
    "bad_request",
    `--reason is "${text}": expected ${trashReasons.join(", ")}`,
  );
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19) + "Z";
}
