import { inTurn, point, see, toEnd } from "../steps.ts";
import type { Scene } from "../shoot.ts";

/** What is wrong now, and what a new install finds there instead. */
export const scenes: readonly Scene[] = [
  { name: "overview_page", path: "/" },
  { name: "overview_page_end", path: "/", before: inTurn(see(".overview"), toEnd) },
  { name: "overview_week", path: "/?from=now-7d&to=now" },
  {
    name: "overview_pointed",
    path: "/",
    before: point(".overview .sparkline"),
    not: ["phone_light", "phone_dark"],
  },
];
