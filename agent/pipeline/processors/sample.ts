import { z } from "zod";
import { severity as severities } from "#shared/model/logs.ts";
import { defineProcessor } from "./processor.ts";
import type { Records } from "./records.ts";
import { SeverityName } from "./severity.ts";

/** Keeps a share of the records; what is not kept is counted as sampling. */
export const sample = defineProcessor({
  type: "sample",
  config: z.lazy(() =>
    z.strictObject({
      /** Share that is kept, 0 to 1. */
      rate: z.number().min(0).max(1),
      /** hash: records alike in `from` are all kept or none, here and on other agents; random: each by itself. */
      by: z.enum(["hash", "random"]).default("hash"),
      /** What is hashed: "body", or the name of an attribute such as trace_id. */
      from: z.string().min(1).default("body"),
      /** With hash, for records that lack the attribute: keep all, drop all, or choose each at random. */
      missing: z.enum(["keep", "drop", "random"]).default("keep"),
      /** Records at least so severe are always kept; none: no exception. */
      keep_severity: z.union([SeverityName, z.literal("none")]).default("error"),
    }),
  ),
  create: ({ rate, by, from, missing, keep_severity: keep }) => {
    const range = 0x1_0000_0000;
    const always = keep === "none" ? Number.POSITIVE_INFINITY : severities[keep];
    const below = Math.floor(rate * range);
    const withoutSource = () => {
      switch (missing) {
        case "keep":
          return -1;
        case "drop":
          return range;
        case "random":
          return Math.random() * range;
      }
    };
    const chosen = (records: Records, row: number): number => {
      if (by === "random") return Math.random() * range;
      const source = records.source(row, from);
      const isMissing = source === undefined || (from !== "body" && source.length === 0);
      return isMissing ? withoutSource() : Number(Bun.hash.xxHash64(source) & 0xffff_ffffn);
    };
    return (records, rows) => {
      for (const row of rows) {
        if (records.severity(row) >= always) continue;
        if (chosen(records, row) >= below) records.drop(row, "sampling");
      }
    };
  },
});
