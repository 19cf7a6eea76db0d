import { z } from "zod";
import type { BoundSource } from "./binder.ts";
import { sources } from "./registry.ts";

/** One entry of `sources`: `type` names the source, the rest are its own options. */
const SourceEntry = z
  .looseObject({ type: z.string() })
  .transform(({ type, ...options }, context): BoundSource => {
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
    if ("bound" in result) return result.bound;
    // The source's own schema speaks of its own keys: they lie below this entry.
    for (const issue of result.issues) {
      const unknown = issue.code === "unrecognized_keys" ? issue.keys : [];
      for (const key of unknown)
        context.addIssue({ code: "custom", path: [...issue.path, key], message: "no such key" });
      if (unknown.length === 0)
        context.addIssue({ code: "custom", path: issue.path, message: issue.message });
    }
    return z.NEVER;
  });

/** What is collected besides scrapes; a list given in the file replaces the default. */
export const SourcesConfig = z
  .array(SourceEntry)
  .prefault([{ type: "host_metrics" }, { type: "file_logs" }, { type: "self_logs" }]);
