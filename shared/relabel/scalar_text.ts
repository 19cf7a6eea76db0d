import { z } from "zod";
import { lazySchema } from "../lazy_schema.ts";

/** Text in a YAML file, where an unquoted `80` or `true` is a number or a truth value but means the text. */
export const scalarText = lazySchema(() =>
  z.union([z.string(), z.number(), z.boolean()]).transform((value) => String(value)),
);
