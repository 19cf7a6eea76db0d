import type { Command } from "commander";
import { OperatingError } from "#shared/errors.ts";
import { printedLabels } from "#shared/model/printed_labels.ts";
import { formatDuration, parseDuration } from "#shared/text/duration.ts";
import type { AlertingRule, RuleGroup } from "../rule.ts";
import type { BacktestResult, Episode } from "./backtest.ts";

type Flags = {
  readonly url: string;
  readonly since: string;
  readonly until?: string;
  readonly interval: string;
  readonly rule?: readonly string[];
  readonly routing?: string | true;
  readonly json?: boolean;
};

/** `rules backtest`: what alerting rules would have done over the data of a server. */
export function backtestCommand(rules: Command): void {
  rules
    .command("backtest")
    .description("evaluate alerting rules over the stored data: what would have fired, and when")
    .argument("[files...]", "files of rules")
    .option(
      "--url <url>",
      "a Lapwing, or a server with Prometheus's API",
      process.env.LAPWING_URL ?? "http://127.0.0.1:7600",
    )
    .option("--since <duration>", "how far back to begin", "30d")
    .option("--until <time>", "where to end, such as 2026-01-31T00:00:00Z (default: now)")
    .option("--interval <duration>", "of groups that name none", "1m")
    .option("--rule <name...>", "only rules of these names")
    .option(
      "--routing [file]",
      "also who would have been notified, beside the rules and the routing in force; by Alertmanager's configuration in a file, or by the one in force",
    )
    .option("--json", "print the result as JSON")
    .action(backtestFiles);
}

async function backtestFiles(files: readonly string[], flags: Flags): Promise<void> {
  if (flags.routing !== undefined) return compareFiles(files, flags, flags.routing);
  if (files.length === 0)
    throw new OperatingError("bad_request", "no files of rules are given: expected one at least");
  const { backtest } = await import("./backtest.ts");
  const { askServer, askServerRange } = await import("./ask_server.ts");
  const { readRuleFiles } = await import("../read_rules.ts");
  const endMs = endOf(flags.until);
  const span = { startMs: endMs - durationOf("--since", flags.since), endMs };
  const interval = durationOf("--interval", flags.interval);
  const groups = await readRuleFiles({
    files: [...files],
    evaluation_interval: interval,
    query_offset: 0,
  });
  const parts = {
    askRange: askServerRange(flags.url),
    ask: ({ expr }: { readonly expr: string }, timeMs: number) =>
      askServer(flags.url, expr, timeMs),
    externalLabels: {},
    externalUrl: "",
  };
  const results: object[] = [];
  for (const group of groups)
    for (const rule of group.rules) {
      if (rule.kind !== "alerting") continue;
      if (flags.rule?.includes(rule.name) === false) continue;
      const startedMs = performance.now();
      const result = await backtest(rule, group, span, parts).catch((thrown: unknown) => {
        if (!(thrown instanceof OperatingError)) throw thrown;
        const { code, message } = thrown;
        throw new OperatingError(code, `${rule.name}: ${message}`, { cause: thrown });
      });
      const tookMs = Math.round(performance.now() - startedMs);
      if (flags.json === true) results.push(jsonOf(rule, group, result, tookMs));
      else print(rule, group, result, { ...span, tookMs });
    }
  if (flags.json === true) console.log(JSON.stringify(results));
}

async function compareFiles(
  files: readonly string[],
  flags: Flags,
  routing: string | true,
): Promise<void> {
  if (flags.rule !== undefined)
    throw new OperatingError(
      "bad_request",
      "--rule goes without --routing: name the rules by files",
    );
  const { compareRules, printComparison } = await import("./compare_rules.ts");
  const endMs = endOf(flags.until);
  const span = { startMs: endMs - durationOf("--since", flags.since), endMs };
  const routingFile = routing === true ? undefined : routing;
  const comparison = await compareRules(flags.url, { files, routingFile, ...span });
  if (flags.json === true) console.log(JSON.stringify(comparison));
  else for (const line of printComparison(comparison)) console.log(line);
}

function endOf(text: string | undefined): number {
  if (text === undefined) return Date.now();
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  throw new OperatingError(
    "bad_request",
    `--until is "${text}": expected a time such as 2026-01-31T00:00:00Z`,
  );
}

function durationOf(flag: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new OperatingError("bad_request", `${flag} is "${text}": expected a duration such as 30d`);
}

function print(
  rule: AlertingRule,
  group: RuleGroup,
  { episodes, evaluations }: BacktestResult,
  { startMs, endMs, tookMs }: { startMs: number; endMs: number; tookMs: number },
): void {
  const fired = episodes.filter(({ firedMs }) => firedMs !== undefined);
  const firingMs = fired.reduce((sum, one) => sum + firingMsOf(one, startMs, endMs), 0);
  const held = firingMs === 0 ? "" : `, ${shortDuration(firingMs)} in all`;
  console.log(`${rule.name} (${group.file}, group "${group.name}")`);
  console.log(
    `  fired ${times(fired.length)}${held}; was pending only ${times(episodes.length - fired.length)}; ${evaluations} evaluations in ${tookMs} ms`,
  );
  for (const one of fired) {
    const { activeMs, firedMs = activeMs, endedMs, labels } = one;
    const end = endedMs === undefined ? "still firing" : shortDuration(endedMs - firedMs);
    console.log(
      `  ${new Date(firedMs).toISOString()}  ${end.padEnd(12)}  ${printedLabels(labels)}`,
    );
  }
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function firingMsOf(
  { activeMs, firedMs = activeMs, endedMs }: Episode,
  startMs: number,
  endMs: number,
): number {
  return (endedMs ?? endMs) - Math.max(firedMs, startMs);
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

/** Whole seconds. */
function shortDuration(ms: number): string {
  return formatDuration(1_000 * Math.round(ms / 1_000));
}

function jsonOf(
  { name, query }: AlertingRule,
  group: RuleGroup,
  { episodes, evaluations }: BacktestResult,
  tookMs: number,
): object {
  return {
    file: group.file,
    group: group.name,
    name,
    query,
    evaluations,
    took_ms: tookMs,
    episodes: episodes.map(({ labels, activeMs, firedMs, endedMs }) => ({
      labels,
      active_at: timeOf(activeMs),
      fired_at: timeOf(firedMs),
      ended_at: timeOf(endedMs),
    })),
  };
}
