import type { CheckedDocument } from "./document.ts";

/** What a list shows of a dashboard, wherever it comes from. */
export type Summary = {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Parts divided by "/"; empty for none. */
  readonly folder: string;
  readonly tags: readonly string[];
  readonly origin: "saved" | "file" | "built_in";
  /** Path of the file, or what brings it. */
  readonly source: string;
  readonly version: number;
  readonly updatedMs: number;
  readonly panels: number;
  /** Why the file can't be read as it is; empty where all is well. */
  readonly fault: string;
};

/** A dashboard that is not in the catalog. */
export type Provided = {
  readonly summary: Summary;
  /** Absent where there is a fault. */
  readonly document: Pick<CheckedDocument, "format" | "json"> | undefined;
};
