import { z } from "zod";
import { dedups } from "./dedup.ts";

export const logTabs = ["lines", "patterns", "fields"] as const;
export type LogTab = (typeof logTabs)[number];
/** What the page keeps in its URL; the query as words with filters, or as LogQL. All are texts. */
export const LogsSearch = z.object({
  q: z.string().max(20_000).optional().catch(undefined),
  lang: z.enum(["words", "logql"]).optional().catch(undefined),
  f: z.string().max(20_000).optional().catch(undefined),
  tab: z.enum(logTabs).optional().catch(undefined),
  field: z.string().max(200).optional().catch(undefined),
  order: z.enum(["newest", "oldest"]).optional().catch(undefined),
  dedup: z.enum(dedups).optional().catch(undefined),
  cols: z.string().max(2_000).optional().catch(undefined),
  wrap: z.enum(["on", "off"]).optional().catch(undefined),
  json: z.enum(["raw", "pretty"]).optional().catch(undefined),
  side: z.enum(["on", "off"]).optional().catch(undefined),
  live: z.enum(["on"]).optional().catch(undefined),
  line: z.string().max(60).optional().catch(undefined),
});
export type LogsSearch = z.output<typeof LogsSearch>;

/** What the page of services keeps in its URL. */
export const LogServicesSearch = z.object({
  q: z.string().optional().catch(undefined),
  label: z
    .string()
    .regex(/^[A-Za-z_]\w*$/)
    .optional()
    .catch(undefined),
});
