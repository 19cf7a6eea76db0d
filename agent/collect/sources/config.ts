import { z } from "zod";
import { lazySchema } from "#shared/lazy_schema.ts";
import type { BoundSource } from "./binder.ts";
import { type ProcessorList, ProcessorsConfig } from "../../pipeline/processors/config.ts";
import { sources } from "./registry.ts";

/** One entry of `sources`: `type` names the source, the rest are its own options. */
export const SourceEntry = lazySchema(() =>
  z
    .looseObject({
      type: z.string(),
      /** What its log records go through, in this order. */
      processors: ProcessorsConfig,
      /** Each log record tells in its attributes which agent, file, offset and version of the configuration it comes from. */
      provenance: z.boolean().default(false),
    })
    .transform(({ type, processors, provenance, ...options }, context): BoundSource => {
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
          return withCommonKeys(result.bound, processors, provenance);
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

/** What is collected besides scrapes; a list given in the file replaces the default. */
export const SourcesConfig = z
  .array(SourceEntry)
  .prefault([{ type: "host_metrics" }, { type: "file_logs" }, { type: "self_logs" }]);
