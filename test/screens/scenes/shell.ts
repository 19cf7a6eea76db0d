import type { Scene } from "../shoot.ts";

/** What frames every page: navigation, times, keys. */
export const scenes: readonly Scene[] = [
  { name: "shell_no_page", path: "/nothing-here" },
  {
    name: "shell_palette",
    path: "/hosts",
    before: (page) => page.keyboard.press("Control+k"),
  },
  {
    name: "shell_keys",
    path: "/hosts",
    before: (page) => page.keyboard.press("?"),
  },
];
