import { z } from "zod";
import { lazySchema } from "#shared/lazy_schema.ts";
import { severity as severities } from "#shared/model/logs.ts";
import { defineProcessor } from "./processor.ts";
import { SeverityName } from "./severity.ts";

/** Keeps a share of the records; what is not kept is counted as sampling. */
export const sample = defineProcessor({
  type: "sample",
  config: lazySchema(() =>
    z.strictObject({
      /** Share that is kept, 0 to 1. */
      rate: z.number().min(0).max(1),
      /** hash: records alike in `from` are all kept or none, here and on other agents; random: each by itself. */
      by: z.enum(["hash", "random"]).default("hash"),
      /** What is hashed: "body", or the name of an attribute such as trace_id. */
      from: z.string().min(1).default("body"),
      /** Records at least so severe are always kept; none: no exception. */
      keep_severity: z.union([SeverityName, z.literal("none")]).default("error"),
    }),
  ),
  create: ({ rate, by, from, keep_severity: keep }) => {
    const always = keep === "none" ? Number.POSITIVE_INFINITY : severities[keep];
    const below = Math.floor(rate * 0x1_0000_0000);
    return (records, rows) => {
      for (const row of rows) {
        if (records.severity(row) >= always) continue;
        const number =
          by === "random"
            ? Math.random() * 0x1_0000_0000
            : Number(Bun.hash.xxHash64(records.source(row, from) ?? "") & 0xffff_ffffn);
        if (number >= below) records.drop(row, "sampling");
      }
    };
  },
});
