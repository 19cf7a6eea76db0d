import { z } from "zod";
import { parsedOnce } from "#shared/schema.ts";
import { Match } from "./match/match.ts";
import type { BoundProcessor } from "./processor.ts";
import { processors } from "./registry.ts";

/** One entry of `processors`: `type` names it, `match` says which records it is for, the rest are its own options. */
const ProcessorEntry = z.lazy(() =>
  z
    .looseObject({ type: z.string(), match: Match.optional() })
    .transform(({ type, match, ...options }, context): BoundProcessor => {
      if (type === "group") return groupOf(match, options, context);
      const bind = Object.hasOwn(processors, type) ? processors[type] : undefined;
      if (bind === undefined) {
        const known = [...Object.keys(processors), "group"].toSorted();
        const message = `expected one of ${known.join(", ")}`;
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
    }),
);

/** What is done with records between a source and the spool, in the order of the list. */
export const ProcessorsConfig = z.lazy(() =>
  z
    .array(z.unknown())
    .default([])
    .transform((entries, context): ProcessorList => {
      const parsed = z.array(ProcessorEntry).max(processorsMax).safeParse(entries, parsedOnce);
      if (parsed.success) return { bound: parsed.data, text: JSON.stringify(entries) };
      for (const { path, message } of parsed.error.issues)
        context.addIssue({ code: "custom", path, message });
      return z.NEVER;
    }),
);

const processorsMax = 100;
/** Groups may stand in groups so deep. */
const depthMax = 5;

const Group = z.lazy(() => z.strictObject({ processors: z.array(z.unknown()).min(1) }));

/** With its other keys. */
const LooseGroup = z.lazy(() => Group.unwrap().loose());

/** `match` of a group is asked once, before its first processor: what they change does not matter to it. */
function groupOf(
  match: BoundProcessor["match"],
  options: Readonly<Record<string, unknown>>,
  context: z.core.$RefinementCtx,
): BoundProcessor {
  const refuse = (issues: readonly z.core.$ZodIssue[], under: readonly PropertyKey[]) => {
    for (const issue of issues)
      for (const key of issue.code === "unrecognized_keys" ? issue.keys : [""])
        context.addIssue({
          code: "custom",
          path: [...under, ...issue.path, ...(key === "" ? [] : [key])],
          message: key === "" ? issue.message : "no such key",
        });
    return z.NEVER;
  };
  const group = Group.safeParse(options, parsedOnce);
  if (!group.success) return refuse(group.error.issues, []);
  if (depthOf(group.data.processors) >= depthMax) {
    const message = `expected groups within groups at most ${depthMax} deep`;
    context.addIssue({ code: "custom", path: ["processors"], message });
    return z.NEVER;
  }
  const list = ProcessorsConfig.safeParse(group.data.processors, parsedOnce);
  if (!list.success) return refuse(list.error.issues, ["processors"]);
  return { type: "group", match, steps: list.data.bound };
}

function depthOf(entries: readonly unknown[]): number {
  return Math.max(
    0,
    ...entries.map((entry) => {
      const group = LooseGroup.safeParse(entry, parsedOnce);
      return group.success ? 1 + depthOf(group.data.processors) : 0;
    }),
  );
}

export type ProcessorList = {
  readonly bound: readonly BoundProcessor[];
  /** Canonical text of what was written: two that are equal need no restart. */
  readonly text: string;
};

export const noProcessors: ProcessorList = { bound: [], text: "[]" };
