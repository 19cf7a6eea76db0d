import { z } from "zod";

/** A page as a browser sees it. */
export const BrowserProbe = z.strictObject({
  /** Chromium or Chrome; without it, the first of the usual names on the PATH. */
  executable: z.string().min(1).optional(),
  /** What must be there, after the page has loaded: an element, a text that is shown, or both. */
  wait_for: z
    .strictObject({ selector: z.string().min(1).optional(), text: z.string().min(1).optional() })
    .default({}),
  /** Of the page itself; empty is 2xx. */
  valid_status_codes: z.array(z.int().min(100).max(599)).default([]),
  viewport: z
    .strictObject({
      width: z.int().min(100).max(4_000).default(1_280),
      height: z.int().min(100).max(4_000).default(800),
    })
    .prefault({}),
  user_agent: z.string().min(1).optional(),
  insecure_skip_verify: z.boolean().default(false),
});
export type BrowserProbe = z.output<typeof BrowserProbe>;
