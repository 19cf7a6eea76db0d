import type { Page } from "playwright-core";

/**
 * What axe-core finds to complain of in a page as it is, or in the part that `within` selects: rule, element and reason. The same rules
 * run with other `resultTypes`; but of those that nothing breaks it describes all elements then, for half of its time. In the dark theme only the rules
 * of colours run: all else of a page is the same in both.
 */
export async function axeFindings(
  page: Page,
  { within, without = [] }: { readonly within?: string; readonly without?: readonly string[] } = {},
): Promise<string[]> {
  // A page that was checked before has it.
  if (!(await page.evaluate<boolean>("'axe' in window")))
    await page.evaluate(await Bun.file(require.resolve("axe-core/axe.min.js")).text());
  const rules = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
  const isDark = await page.evaluate<boolean>("matchMedia('(prefers-color-scheme: dark)').matches");
  const runOnly = isDark ? { runOnly: ["color-contrast", "link-in-text-block"] } : {};
  const options = { resultTypes: ["violations"], rules, ...runOnly };
  return page.evaluate<string[]>(
    `axe.run(${within === undefined ? "document" : JSON.stringify(within)}, ${JSON.stringify(options)})
      .then((found) => found.violations.flatMap((rule) =>
        rule.nodes.map((node) => rule.id + " " + node.target + " " + node.failureSummary)))`,
  );
}
