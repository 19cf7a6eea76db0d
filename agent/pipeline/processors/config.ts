import { z } from "zod";
import { Match } from "./match.ts";
import type { BoundProcessor } from "./processor.ts";
import { processors } from "./registry.ts";

/** One entry of `processors`: `type` names it, `match` says which records it is for, the rest are its own options. */
const ProcessorEntry = z
  .looseObject({ type: z.string(), match: Match.optional() })
  .transform(({ type, match, ...options }, context): BoundProcessor => {
    const bind = Object.hasOwn(processors, type) ? processors[type] : undefined;
    if (bind === undefined) {
      const message = `expected one of ${Object.keys(processors).join(", ")}`;
      context.addIssue({ code: "custom", path: ["type"], message, input: type });
      return z.NEVER;
    }
    const result = bind(options);
    if ("create" in result) return { type, create: result.create, match };
    for (const issue of result.issues) {
      const unknown = issue.code === "unrecognized_keys" ? issue.keys : [];
      for (const key of unknown)
        context.addIssue({ code: "custom", path: [...issue.path, key], message: "no such key" });
      if (unknown.length === 0)
        context.addIssue({ code: "custom", path: issue.path, message: issue.message });
    }
    return z.NEVER;
  });

/** What is done with records between a source and the spool, in the order of the list. */
export const ProcessorsConfig = z
  .array(z.unknown())
  .default([])
  .transform((entries, context): ProcessorList => {
    const parsed = z.array(ProcessorEntry).max(processorsMax).safeParse(entries);
    if (parsed.success) return { bound: parsed.data, text: JSON.stringify(entries) };
    for (const { path, message } of parsed.error.issues)
      context.addIssue({ code: "custom", path, message });
    return z.NEVER;
  });

const processorsMax = 100;

export type ProcessorList = {
  readonly bound: readonly BoundProcessor[];
  /** Canonical text of what was written: two that are equal need no restart. */
  readonly text: string;
};

export const noProcessors: ProcessorList = { bound: [], text: "[]" };
