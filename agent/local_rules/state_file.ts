import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Logger } from "#shared/runtime/log.ts";

const Labels = z.record(z.string(), z.string());
/** Values that are no JSON are written as text. */
const Value = z.string().transform(Number);
const SavedAlert = z.object({
  rule: z.string(),
  labels: Labels,
  annotations: Labels,
  value: Value,
  activeMs: z.number(),
  firedMs: z.number().optional(),
  keptSinceMs: z.number().optional(),
  toldMs: z.number().optional(),
});
const SavedNote = z.object({
  alert: z.string(),
  fingerprint: z.string(),
  status: z.enum(["firing", "resolved"]),
  labels: Labels,
  annotations: Labels,
  startsMs: z.number(),
  endsMs: z.number(),
});
const Saved = z.object({
  savedMs: z.number(),
  alerts: z.array(SavedAlert),
  /** By receiver: what it has not been told yet. */
  waiting: z.record(z.string(), z.array(SavedNote)),
});
type Saved = z.output<typeof Saved>;
/** As it is given to be written. */
export type RuleState = Omit<Saved, "alerts"> & {
  readonly alerts: readonly { readonly [key in keyof z.output<typeof SavedAlert>]: unknown }[];
};

/** Pending and firing alerts, and what waits to be told, over a restart: `local_rules.json` beside the spool. */
export class StateFile {
  readonly #path: string;
  readonly #log: Logger;
  #written = "";

  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /** undefined where there is none, or none that can be read: alerts then begin anew. */
  async read(): Promise<Saved | undefined> {
    try {
      return Saved.parse(JSON.parse(await readFile(this.#path, "utf8")));
    } catch (thrown) {
      const isNew = thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
      if (!isNew) this.#log.warn("states of local rules begin anew", { error: messageOf(thrown) });
      return undefined;
    }
  }

  /** Writes it, whole or not at all, when it says something else than before; a disk that refuses is tried again the next time. */
  async write({ savedMs, ...state }: RuleState): Promise<void> {
    const text = JSON.stringify(state);
    if (text === this.#written) return;
    try {
      await writeFile(`${this.#path}.new`, JSON.stringify({ savedMs, ...state }));
      await rename(`${this.#path}.new`, this.#path);
      this.#written = text;
    } catch (thrown) {
      this.#log.warn("states of local rules are not written", { error: messageOf(thrown) });
    }
  }
}
