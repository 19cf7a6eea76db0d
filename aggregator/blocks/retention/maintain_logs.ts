import type { MaintenanceDeps } from "../deps.ts";
import type { Removal } from "../../read/removals.ts";
import { logRetention, retentionMask, type LogRetention } from "./log_retention.ts";
import { ifReadable } from "../integrity/if_readable.ts";
import { acquireFiles } from "../integrity/read_readable.ts";
import type { LogMask } from "../logs/log_mask.ts";
import { readStreams } from "../logs/logs_reader.ts";
import { mergeLogBlocks } from "../compaction/merge_log_blocks.ts";
import type { Block } from "../../read/store.ts";
import { trashedBlocks } from "../trash/trashed_blocks.ts";

/**
 * Puts one block in place of some of one tenant, in one transaction with the count of records that are in it no more: those that
 * were deleted, and those that `also` hides, by retention.
 */
export async function replaceLogs(
  deps: MaintenanceDeps,
  removed: readonly Block[],
  signal: AbortSignal,
  also: readonly LogMask[] = [],
): Promise<void> {
  const without = deps.deleted();
  const masksOf = (block: Block) => [...also, ...without.logMasks(block)];
  const { added, hidden } = await mergeLogBlocks(deps, removed, masksOf, signal);
  const tenant = removed[0]?.tenant ?? "";
  const retained = new Set(also.map(({ name }) => name));
  const removals = [...hidden]
    .filter(([, items]) => items > 0)
    .map(([name, items]): Removal =>
      retained.has(name)
        ? { tenant, signal: "logs", reason: "retention", items }
        : { tenant, signal: "logs", reason: "deleted", items, deletion: name },
    );
  const deleteAfterMs = deps.clock.now() + deps.config.delete_after;
  // What a merge replaces is in the added block as it was; what retention takes out is not.
  const trashed =
    also.length === 0 ? new Map<string, never>() : trashedBlocks(deps, removed, added);
  await deps.apply({ added, removed, deleteAfterMs, without, removals, trashed });
}

/** Takes streams out of blocks when their time is over, while others of the block are still kept. */
export class StreamRetention {
  readonly #deps: MaintenanceDeps;
  /** Blocks that were looked at, and for how many of the rules their time was over then. */
  readonly #seen = new Map<string, number>();

  constructor(deps: MaintenanceDeps) {
    this.#deps = deps;
  }

  async apply(signal: AbortSignal, nowMs: number): Promise<void> {
    const { blocks, config, tools } = this.#deps;
    const logs = tools.guard.readable(blocks()).filter((block) => block.signal === "logs");
    for (const id of this.#seen.keys())
      if (!logs.some((block) => block.id === id)) this.#seen.delete(id);
    const rules = new Map<string, LogRetention>();
    for (const block of logs) {
      if (signal.aborted) return;
      let retention = rules.get(block.tenant);
      if (retention === undefined)
        rules.set(block.tenant, (retention = logRetention(config, block.tenant)));
      const over = retention.periodsMs.filter((keepMs) => block.maxMs < nowMs - keepMs).length;
      if (over === 0 || this.#seen.get(block.id) === over) continue;
      const mask = retentionMask(retention, block, nowMs);
      await ifReadable(tools.guard, [block], async () => {
        if (await this.#holds(block, mask, signal))
          await replaceLogs(this.#deps, [block], signal, [mask]);
        else this.#seen.set(block.id, over);
      });
    }
  }

  async #holds(block: Block, { matches }: LogMask, signal: AbortSignal): Promise<boolean> {
    const { tools } = this.#deps;
    const files = await acquireFiles(tools.guard, [block], signal);
    try {
      const texts = await readStreams(files.paths[0] ?? "", undefined);
      for (const text of texts) if (matches(tools.texts.get("", text).labels)) return true;
      return false;
    } finally {
      files.release();
    }
  }
}
