import { z } from "zod";

/** Text in a YAML file, where an unquoted `80` or `true` is a number or a truth value but means the text. */
export const scalarText = z
  .union([z.string(), z.number(), z.boolean()])
  .transform((value) => String(value));
