import { z } from "zod";
import type { Deletion } from "../read/store.ts";

/** A deletion of series or log records in a span of time, from certain blocks. Later blocks keep what they have. */
export type Tombstone = Omit<Deletion, "query"> & {
  readonly id: string;
  readonly createdMs: number;
  /** Ids of the blocks that are still to be rewritten. */
  readonly blocks: readonly string[];
};

/** Who asked for a change, and what it was: a row of the audit table. */
export type AuditEntry = {
  readonly atMs: number;
  readonly tenant: string;
  /** The name of a person or key; "anonymous" as long as there is no login. */
  readonly actor: string;
  readonly action: string;
  /** JSON. */
  readonly detail: string;
};

/** Matchers as the catalog and the object store hold them. */
export const SelectorsText = z.string().transform((text) => SelectorsJson.parse(JSON.parse(text)));

export const SelectorsJson = z.array(
  z.array(z.object({ name: z.string(), op: z.enum(["=", "!=", "=~", "!~"]), value: z.string() })),
);

export const LineFiltersJson = z.array(
  z.object({ op: z.enum(["|=", "!=", "|~", "!~"]), values: z.array(z.string()) }),
);
export const LineFiltersText = z
  .string()
  .transform((text) => LineFiltersJson.parse(JSON.parse(text)));
