import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { dropReasons } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import { origin } from "#shared/model/position.ts";
import { joinSpans, type Span, spanAfter, upTo, withoutSpans } from "#shared/model/spans.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Loss } from "./losses.ts";
import { addLoss } from "./losses.ts";

const PositionText = z.lazy(() =>
  z.strictObject({
    epoch: z.number().int().nonnegative(),
    sequence: z.number().int().nonnegative(),
  }),
);
const MemoText = z.lazy(() =>
  z.strictObject({
    committed: PositionText,
    // Absent in files of before there was anything ahead.
    ahead: z.array(z.strictObject({ from: PositionText, to: PositionText })).optional(),
    losses: z.array(
      z.strictObject({ after: PositionText, to: PositionText, reason: z.enum(dropReasons) }),
    ),
  }),
);

/**
 * What a lane remembers beside its frames: how far the aggregator has committed, and what was lost. Both are helpful and neither is
 * vital: without them more is sent again, and a loss has no name. So a file that can't be read is replaced by an empty one.
 */
export class LaneMemo {
  readonly #path: string;
  #frames: readonly Span[] = [];
  #losses: readonly Loss[] = [];
  #isDirty = false;

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(folder: string, log: Logger): Promise<LaneMemo> {
    const memo = new LaneMemo(join(folder, "memo.json"));
    try {
      const text = await readFile(memo.#path, "utf8");
      const { committed, ahead, losses } = MemoText.parse(JSON.parse(text));
      memo.#frames = upTo(committed, ahead);
      memo.#losses = losses;
    } catch (thrown) {
      const isNew = thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
      if (!isNew)
        log.warn("spool memo is unreadable, starting over", {
          path: memo.#path,
          error: messageOf(thrown),
        });
    }
    return memo;
  }

  /** Everything up to here is committed. */
  get committed(): Position {
    return spanAfter(this.#frames, origin)?.to ?? origin;
  }
  /** All frames that are committed. */
  get frames(): readonly Span[] {
    return this.#frames;
  }
  get losses(): readonly Loss[] {
    return this.#losses;
  }

  /** False when it was known already. */
  noteCommitted(position: Position, ahead: readonly Span[] = []): boolean {
    const { epoch, sequence } = position;
    const frames = upTo({ epoch, sequence }, ahead);
    if (withoutSpans(frames, this.#frames).length === 0) return false;
    this.#frames = joinSpans([...this.#frames, ...frames]);
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
      const { committed } = this;
      const ahead = withoutSpans(this.#frames, upTo(committed));
      const memo = {
        committed,
        ...(ahead.length === 0 ? {} : { ahead }),
        losses: this.#losses,
      };
      await writeFile(`${this.#path}.new`, JSON.stringify(memo));
      await rename(`${this.#path}.new`, this.#path);
    } catch (thrown) {
      this.#isDirty = true;
      throw thrown;
    }
  }
}
