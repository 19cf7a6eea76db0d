import { z } from "zod";

/** A BIGINT: SQLite gives a number, PostgreSQL text. Everything counted here stays far below 2^53. */
export const count = z
  .union([z.number(), z.bigint(), z.string().regex(/^-?\d+$/)])
  .transform((value) => Number(value));
