import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { lazySchema } from "#shared/lazy_schema.ts";
import { messageOf } from "#shared/errors.ts";
import { dropReasons } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import { comparePositions, origin } from "#shared/model/position.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Loss } from "./losses.ts";
import { addLoss } from "./losses.ts";

const PositionText = lazySchema(() =>
  z.strictObject({
    epoch: z.number().int().nonnegative(),
    sequence: z.number().int().nonnegative(),
  }),
);
const MemoText = lazySchema(() =>
  z.strictObject({
    committed: PositionText,
    losses: z.array(
      z.strictObject({ after: PositionText, to: PositionText, reason: z.enum(dropReasons) }),
    ),
  }),
);

/**
 * What a lane remembers beside its frames: how far the aggregator has committed, and what was lost. Both are helpful and neither is
 * vital: without them more is sent again, and a loss has no name. So a file that can't be read is started anew.
 */
export class LaneMemo {
  readonly #path: string;
  #committed: Position = origin;
  #losses: readonly Loss[] = [];
  #isDirty = false;

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(folder: string, log: Logger): Promise<LaneMemo> {
    const memo = new LaneMemo(join(folder, "memo.json"));
    try {
      const text = await readFile(memo.#path, "utf8");
      const { committed, losses } = MemoText.parse(JSON.parse(text));
      memo.#committed = committed;
      memo.#losses = losses;
    } catch (thrown) {
      const isNew = thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
      if (!isNew) log.warn("spool memo is started anew", { error: messageOf(thrown) });
    }
    return memo;
  }

  get committed(): Position {
    return this.#committed;
  }
  get losses(): readonly Loss[] {
    return this.#losses;
  }

  /** False when it was known already. */
  noteCommitted(position: Position): boolean {
    if (comparePositions(position, this.#committed) <= 0) return false;
    this.#committed = { epoch: position.epoch, sequence: position.sequence };
    this.#isDirty = true;
    return true;
  }

  noteLoss(loss: Loss): void {
    this.#losses = addLoss(this.#losses, loss);
    this.#isDirty = true;
  }

  /** Writes what has changed, whole or not at all. Throws what the disk throws; then it is tried again next time. */
  async save(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    try {
      const memo = { committed: this.#committed, losses: this.#losses };
      await writeFile(`${this.#path}.new`, JSON.stringify(memo));
      await rename(`${this.#path}.new`, this.#path);
    } catch (thrown) {
      this.#isDirty = true;
      throw thrown;
    }
  }
}
