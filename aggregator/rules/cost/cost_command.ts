import type { Command } from "commander";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseDuration } from "#shared/text/duration.ts";
import type { RuleCost } from "./rule_costs.ts";

type Flags = {
  readonly url: string;
  readonly share: string;
  readonly interval: string;
  readonly json?: boolean;
};

/** null where it is not known. */
const count = z
  .number()
  .nullable()
  .transform((number) => number ?? undefined);
const CostAnswer = z.object({
  series: count,
  samples: count,
  reads: z.array(z.unknown()),
});
const CostsAnswer = z.object({
  rules: z.array(
    z.object({
      file: z.string(),
      group: z.string(),
      name: z.string(),
      place: z.number(),
      interval: z.number(),
      series: z.number().nullable(),
      samples: z.number().nullable(),
      samplesPerSecond: z.number(),
      share: z.number(),
      failure: z.string(),
    }),
  ),
});
const Refusal = z.object({ error: z.string() });

/** `rules cost`: what rules read in each evaluation over the data of a server. */
export function costCommand(rules: Command): void {
  rules
    .command("cost")
    .description("show how many series and samples rules read, without evaluating them")
    .argument("[files...]", "files of rules (default: the rules that the server evaluates)")
    .option("--url <url>", "a Lapwing", process.env.LAPWING_URL ?? "http://127.0.0.1:7600")
    .option("--share <percent>", "mark rules that read more than this share of all samples", "10")
    .option("--interval <duration>", "of groups that name none", "1m")
    .option("--json", "print the result as JSON")
    .action(showCosts);
}

async function showCosts(files: readonly string[], flags: Flags): Promise<void> {
  const share = Number(flags.share) / 100;
  if (!(share >= 0 && share <= 1))
    throw new OperatingError(
      "bad_request",
      `--share is "${flags.share}": expected a percentage from 0 to 100`,
    );
  const costs = files.length === 0 ? await runningCosts(flags) : await costsOf(files, flags);
  if (flags.json === true) {
    console.log(JSON.stringify(costs.map((one) => ({ ...one, expensive: one.share > share }))));
    return;
  }
  print(costs, share);
}

type Row = Omit<RuleCost, "cost" | "intervalMs"> & {
  readonly interval: number;
  readonly series: number | null;
  readonly samples: number | null;
};

async function runningCosts({ url }: Flags): Promise<readonly Row[]> {
  const { rules } = await ask(url, CostsAnswer);
  return rules;
}

async function costsOf(files: readonly string[], flags: Flags): Promise<readonly Row[]> {
  const { readRuleFiles } = await import("../read_rules.ts");
  const { ruleCosts } = await import("./rule_costs.ts");
  const interval = parseDuration(flags.interval);
  if (interval === undefined || interval <= 0)
    throw new OperatingError(
      "bad_request",
      `--interval is "${flags.interval}": expected a duration such as 1m`,
    );
  const groups = await readRuleFiles({
    files: [...files],
    evaluation_interval: interval,
    query_offset: 0,
  });
  const schema = CostAnswer.transform((answer) => ({ ...answer, reads: [] }));
  const found = await ruleCosts(groups, ({ expr: expression, language }) =>
    ask(flags.url, schema, { expression, language }),
  );
  return found.map(({ cost, intervalMs, ...one }) => ({
    ...one,
    interval: intervalMs / 1_000,
    series: cost?.series ?? null,
    samples: cost?.samples ?? null,
  }));
}

/** Throws OperatingError where the server does not answer, or refuses. */
async function ask<Answer>(
  url: string,
  schema: z.ZodType<Answer>,
  body?: Readonly<Record<string, string>>,
): Promise<Answer> {
  const at = new URL("api/v1/monitoring/rules/cost", url.endsWith("/") ? url : `${url}/`);
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  let content: unknown;
  try {
    content = await (await fetch(at, init)).json();
  } catch (cause) {
    throw new OperatingError("unavailable", `${url} does not answer: ${messageOf(cause)}`, {
      cause,
    });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const refusal = Refusal.safeParse(content);
  throw new OperatingError(
    "bad_request",
    refusal.success ? refusal.data.error : `${at.href}: expected the cost of rules`,
  );
}

function print(costs: readonly Row[], share: number): void {
  const rows = costs.map((one) => [
    one.series === null ? "?" : String(one.series),
    one.samples === null ? "?" : String(one.samples),
    one.samplesPerSecond.toFixed(1),
    `${(100 * one.share).toFixed(1)}%`,
    `${one.name} (${one.file}, group "${one.group}")`,
  ]);
  const table = [["series", "samples", "samples/s", "share", "rule"], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...table.map((row) => (row[column] ?? "").length)),
  );
  for (const row of table)
    console.log(row.map((text, column) => text.padStart(widths[column] ?? 0)).join("  "));
  for (const { name, failure } of costs) if (failure !== "") console.log(`${name}: ${failure}`);
  const expensive = costs.filter((one) => one.share > share);
  if (expensive.length === 0) return;
  const names = expensive.map(({ name }) => name).join(", ");
  console.log(`over ${(100 * share).toFixed(0)}% of all samples: ${names}`);
}
