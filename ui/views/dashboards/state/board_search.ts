import { z } from "zod";

const boardSheets = ["settings", "versions", "code", "notes"] as const;

const text = z.string().optional().catch(undefined);
const flag = z
  .string()
  .optional()
  .catch(undefined)
  .transform((value) => value !== undefined && value !== "");
const id = z.coerce.number().int().min(1).optional().catch(undefined);

/** What a dashboard keeps in its URL beside time and variables. */
export const BoardSearch = z.object({
  /** The key of the panel that is shown alone. */
  view: text,
  edit: flag,
  kiosk: flag,
  /** The key of the panel whose data or queries are looked at. */
  inspect: text,
  /** The one that is edited. */
  panel: id,
  tab: text,
  sheet: z.enum(boardSheets).optional().catch(undefined),
});
export type BoardSearch = z.output<typeof BoardSearch>;
