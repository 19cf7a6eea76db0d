import { z } from "zod";

/** Text in a YAML file, where an unquoted `80` or `true` is a number or a truth value but means the text. */
export const scalarText = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean()]).transform((value) => String(value)),
);

/** The same for a label's value, which may be left out: `zone:` is the empty text, as for Prometheus. */
export const labelText = z.lazy(() =>
  z
    .union([z.string(), z.number(), z.boolean(), z.null()])
    .transform((value) => (value === null ? "" : String(value))),
);
