import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";

export const TextOptions = z.strictObject({
  mode: z
    .enum(["markdown", "html", "code"])
    .default("markdown")
    .meta({
      title: "Written in",
      names: { markdown: "Markdown", html: "HTML", code: "Plain text" },
    } satisfies OptionMeta),
  content: z
    .string()
    .max(100_000)
    .default("")
    .meta({ title: "Text", editor: "markdown" } satisfies OptionMeta),
  line_numbers: z
    .boolean()
    .default(false)
    .meta({ title: "Line numbers", when: { option: "mode", is: ["code"] } } satisfies OptionMeta),
});
export type TextOptions = z.output<typeof TextOptions>;
