import type { Command } from "commander";
import { z } from "zod";
import { deletionStatuses } from "../../read/removals.ts";
import { askProcess, processFlags, type ProcessFlags } from "./running_process.ts";

const path = "/api/v1/admin/delete";
const waitMs = 30_000;

/** `lapwing storage deletions list|cancel`: requests to delete items of any signal, of the process that runs. */
export function deletionCommands(command: Command): void {
  const deletions = command
    .command("deletions")
    .description("list requests to delete stored items, or take one back");
  processFlags(
    deletions.command("list").description("list the requests of the running process"),
  ).action(list);
  processFlags(
    deletions
      .command("cancel")
      .description("take a request back while it is `received`")
      .argument("<signal>", "metrics, logs")
      .argument("<id>", "as `list` prints it"),
  ).action(cancel);
}

async function list(flags: ProcessFlags): Promise<void> {
  const text = await askProcess(flags, path, { method: "GET", waitMs });
  const { data } = Requests.parse(JSON.parse(text));
  for (const one of data) {
    const { id, signal, status, query, removed_items: removed, actor, error } = one;
    const span = `${timeText(one.start)} to ${timeText(one.end)}`;
    const fault = error === undefined ? "" : `, not applied: ${error}`;
    console.log(
      `${id} ${signal} ${status}: ${query}, ${span}, ` +
        `requested ${timeText(one.created)} by ${actor}, ${removed} items removed${fault}`,
    );
  }
  if (data.length === 0) console.log("no requests");
}

async function cancel(signal: string, id: string, flags: ProcessFlags): Promise<void> {
  const one = `${path}/${encodeURIComponent(signal)}/${encodeURIComponent(id)}`;
  await askProcess(flags, one, { method: "DELETE", waitMs });
  console.log(`request ${id} is taken back`);
}

/** Of Unix seconds; an open end has none. */
function timeText(seconds: number | undefined): string {
  return seconds === undefined ? "…" : new Date(seconds * 1_000).toISOString();
}

const Requests = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      signal: z.string(),
      query: z.string(),
      start: z.number().exactOptional(),
      end: z.number().exactOptional(),
      created: z.number(),
      actor: z.string(),
      status: z.enum(deletionStatuses),
      removed_items: z.number(),
      error: z.string().exactOptional(),
    }),
  ),
});
