import { z } from "zod";
import type { BoundSource } from "./binder.ts";
import { type ProcessorList, ProcessorsConfig } from "../../pipeline/processors/config.ts";
import { sources } from "./registry.ts";

/** One entry of `sources`: `type` names the source, the rest are its own options. */
export const SourceEntry = z.lazy(() =>
  z
    .looseObject({
      type: z.string(),
      /** Tells it from others of its type, over changes of the list, too; a configuration that is laid over this one replaces it by that. */
      name: z
        .string()
        .regex(/^[\w-]{1,63}$/, "expected 1 to 63 of a-z A-Z 0-9 _ -")
        .optional(),
      /** What its log records go through, in this order. */
      processors: ProcessorsConfig,
      /** Each log record tells in its attributes which agent, file, offset and version of the configuration it comes from. */
      provenance: z.boolean().default(false),
    })
    .transform(({ type, name, processors, provenance, ...options }, context): BoundSource => {
      const bind = Object.hasOwn(sources, type) ? sources[type] : undefined;
      if (bind === undefined) {
        const known = Object.keys(sources).join(", ");
        context.addIssue({
          code: "custom",
          path: ["type"],
          message: `expected one of ${known}`,
          input: type,
        });
        return z.NEVER;
      }
      const result = bind(options);
      if ("bound" in result) {
        if (!metricSources.has(type) || (processors.bound.length === 0 && !provenance))
          return named(withCommonKeys(result.bound, processors, provenance), name);
        const message = `expected none: ${type} collects no logs`;
        const key = provenance ? "provenance" : "processors";
        context.addIssue({ code: "custom", path: [key], message });
        return z.NEVER;
      }
      // The source's own schema speaks of its own keys: they lie below this entry.
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

function named(bound: BoundSource, name: string | undefined): BoundSource {
  return name === undefined ? bound : { ...bound, name };
}

const metricSources: ReadonlySet<string> = new Set(["host_metrics"]);

function withCommonKeys(
  bound: BoundSource,
  processors: ProcessorList,
  provenance: boolean,
): BoundSource {
  if (processors.bound.length === 0 && !provenance) return bound;
  const fingerprint = JSON.stringify([bound.fingerprint, processors.text, provenance]);
  return { ...bound, fingerprint, processors, provenance };
}

export const defaultSources = [
  { type: "host_metrics" },
  { type: "file_logs" },
  { type: "self_logs" },
] as const;

/** What is collected besides scrapes; a list given in the file replaces the default. */
export const SourcesConfig = z
  .array(SourceEntry)
  .superRefine((entries, context) => {
    const seen = new Set<string>();
    for (const [i, { type, name }] of entries.entries()) {
      const key = `${type}:${name}`;
      if (name !== undefined && seen.has(key)) {
        const message = `expected one ${type} of this name`;
        context.addIssue({ code: "custom", path: [i, "name"], message });
      }
      seen.add(key);
    }
  })
  .prefault([...defaultSources]);
