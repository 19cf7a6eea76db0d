import { z } from "zod";
import { SearchRegex } from "./net/options.ts";

const Label = z.strictObject({
  name: z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label name"),
  value: z.string().default(""),
});

const Step = z
  .strictObject({
    /** Lines are read until one matches. */
    expect: SearchRegex.optional(),
    /** Exactly these bytes come next. */
    expect_bytes: z.string().optional(),
    /** Of probe_expect_info; like `send` they may hold what the expression's groups took: "${1}". */
    labels: z.array(Label).optional(),
    send: z.string().default(""),
    /** Goes on in TLS after what is sent. */
    starttls: z.boolean().default(false),
  })
  .refine((step) => step.expect === undefined || (step.expect_bytes ?? "") === "", {
    path: ["expect_bytes"],
    error: "expect and expect_bytes are mutually exclusive",
  });

/** What is said and awaited on a connection, step by step. */
export const QueryResponse = z
  .array(Step)
  .default([])
  .refine((steps) => steps.filter(({ labels }) => labels !== undefined).length <= 1, {
    error: "only one entry may have labels: they make one metric, probe_expect_info",
  });
export type QueryResponse = z.output<typeof QueryResponse>;
