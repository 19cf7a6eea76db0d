import type { Page } from "playwright-core";
import { inTurn, press, see, toEnd } from "../steps.ts";
import type { Scene } from "../shoot.ts";

/** Opens the first row of a table. */
function row(name: string | RegExp) {
  return (page: Page): Promise<void> =>
    page.getByRole("table", { name }).getByRole("row").nth(1).click();
}

/** Where data are: the account, what they take, how many series, in which files. */
export const scenes: readonly Scene[] = [
  { name: "data_page", path: "/data", before: see("h1") },
  { name: "data_account_end", path: "/data", before: inTurn(see(".flow"), toEnd) },
  {
    name: "data_account_of_one",
    path: "/agents",
    before: async (page) => {
      await page.getByRole("table", { name: "Agents" }).getByRole("row").nth(1).click();
      await page.waitForURL(/\/agents\/\w+/);
      const agent = new URL(page.url()).pathname.split("/").at(-1) ?? "";
      await page.goto(`/data?agent=${agent}`);
      await page.locator(".flow").first().waitFor();
    },
  },
  { name: "data_storage", path: "/data?tab=storage" },
  { name: "data_storage_end", path: "/data?tab=storage", before: inTurn(see(".row-table"), toEnd) },
  { name: "data_cardinality", path: "/data?tab=cardinality" },
  {
    name: "data_cardinality_end",
    path: "/data?tab=cardinality",
    before: inTurn(see(".row-table"), toEnd),
  },
  { name: "data_metric", path: "/data?tab=cardinality", before: row("Metrics by series") },
  {
    name: "data_label",
    path: "/data?tab=cardinality",
    before: inTurn(row("Metrics by series"), row("Labels by values")),
  },
  {
    name: "data_label_end",
    path: "/data?tab=cardinality",
    before: inTurn(
      row("Metrics by series"),
      row("Labels by values"),
      see(".code-block, pre"),
      toEnd,
    ),
  },
  { name: "data_blocks", path: "/data?tab=blocks" },
  { name: "data_block", path: "/data?tab=blocks", before: row("Blocks") },
  { name: "data_export", path: "/data", before: press("Export Loss account") },
];
