import { z } from "zod";

/** A key of a configuration whose value is shown as `<secret>`. An unquoted number in YAML means its text. */
export const secret = () =>
  z
    .union([z.string(), z.number()])
    .transform((value) => String(value))
    .meta({ secret: true });
