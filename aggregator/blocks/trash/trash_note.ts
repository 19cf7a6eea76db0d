import { SignalName } from "#shared/signal_name.ts";
import { z } from "zod";
import type { Block } from "../../read/store.ts";

/** What bringing a block back from the trash needs besides its file. */
export type TrashNote = {
  /** Its row of the catalog. */
  readonly block: Block;
  /** Ids of the blocks that hold what was kept of it; empty where all of it was past its time. */
  readonly replacedBy: readonly string[];
};

export function trashNoteText(note: TrashNote): string {
  return JSON.stringify(note);
}

/** Throws what zod throws for a text that is no note. */
export function parseTrashNote(text: string): TrashNote {
  return NoteText.parse(JSON.parse(text));
}

const NoteText = z.object({
  block: z.object({
    id: z.string(),
    tenant: z.string(),
    signal: SignalName,
    key: z.string(),
    items: z.number(),
    rows: z.number(),
    bytes: z.number(),
    minMs: z.number(),
    maxMs: z.number(),
    createdMs: z.number(),
    checksum: z.string().exactOptional(),
    exemplars: z
      .object({ count: z.number(), minMs: z.number(), maxMs: z.number() })
      .exactOptional(),
    bucketMs: z.number().exactOptional(),
    tiered: z.array(z.number()).exactOptional(),
  }),
  replacedBy: z.array(z.string()),
});
