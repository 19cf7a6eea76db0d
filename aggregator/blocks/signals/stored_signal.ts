import type { PerSignal, SignalDescriptor } from "#shared/signals.ts";
import type { CutContent } from "../../read/cut_content.ts";
import type { Block, DeletionTerms } from "../../read/store.ts";
import type { StoreConfig } from "../config.ts";
import type { CopyWithout } from "../deletion/deleted_copies.ts";
import type { BlockStoreDeps, MaintenanceDeps } from "../deps.ts";
import type { BlockNote } from "../file/block_metadata.ts";
import type { LocalFile } from "../file/local_file.ts";
import type { SignalContent } from "../integrity/content_fault.ts";
import type { Expiry, ExpiryMoment } from "../retention/expiry.ts";

/**
 * All that blocks need to know of a signal. Those of the built-in signals are in stored_signals.ts; a file's form, its merging and its
 * deletion are in a folder of the signal's own.
 */
export type StoredSignal = SignalContent & {
  readonly descriptor: SignalDescriptor;
  /** What a cut has of the signal, by tenant: each part becomes a block. */
  parts(content: CutContent): Iterable<readonly [tenant: string, parts: readonly WritePart[]]>;
  /** Puts new blocks in place of some of one tenant: as few as the bounds allow, without what is deleted. */
  replace(
    deps: MaintenanceDeps,
    removed: readonly Block[],
    how: Replacing,
    signal: AbortSignal,
  ): Promise<void>;
  readonly copyWithout: CopyWithout;
  /** Which items a request to delete asks for, in the signal's query language. Throws OperatingError("bad_request"). */
  deletionOf(queries: readonly string[]): DeletionTerms;
  /** Which of the signal's blocks are past their time. */
  expired(blocks: readonly Block[], moment: ExpiryMoment): Expiry;
  /** How long what such a block holds is kept at least, in ms. */
  keptMs(config: StoreConfig, block: Pick<Block, "tenant" | "bucketMs">): number;
};

/** A process may find blocks of a signal that is not among these, which a newer version wrote: they are left as they are. */
export type StoredSignals = PerSignal<StoredSignal>;
export type WithSignals = { readonly signals: StoredSignals };

export type WritePart = (
  deps: Pick<BlockStoreDeps, "writer" | "staging" | "tools">,
  note: BlockNote,
) => Promise<LocalFile>;

export type Replacing = {
  /** Windows of which all that the blocks hold is in the next tier. */
  readonly tiered: readonly number[] | undefined;
  /** Throws NotOfNumbers for `only`, where they can't be streamed. */
  readonly streamed: "only" | "if_possible";
};
