import { readFile } from "node:fs/promises";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { printedLabels } from "#shared/model/printed_labels.ts";
import { formatDuration } from "#shared/text/duration.ts";
import { filesOf } from "../files_of.ts";
import { readRuleFiles } from "../read_rules.ts";
import { post } from "./ask_server.ts";

const Side = z.object({
  rules: z.array(
    z.object({
      group: z.string(),
      name: z.string(),
      fired: z.number(),
      pending: z.number(),
      firingSeconds: z.number(),
      failure: z.string(),
    }),
  ),
  fired: z.number(),
  episodes: z.array(
    z.object({
      group: z.string(),
      labels: z.record(z.string(), z.string()),
      activeAt: z.string(),
      firedAt: z.string().nullable(),
      endedAt: z.string().nullable(),
      receivers: z.array(z.string()),
    }),
  ),
  notifications: z.object({
    count: z.number(),
    receivers: z.array(
      z.object({ receiver: z.string(), integration: z.string(), count: z.number() }),
    ),
    list: z.array(z.looseObject({ at: z.string() })),
  }),
});
type Side = z.output<typeof Side>;
const Comparison = z.object({
  start: z.string(),
  end: z.string(),
  evaluations: z.number(),
  proposed: Side,
  today: Side,
});
type Comparison = z.output<typeof Comparison>;

const FileOfGroups = z.looseObject({ groups: z.array(z.unknown()) });

type Asked = {
  /** None: the rules in force. */
  readonly files: readonly string[];
  /** undefined: the routing in force. */
  readonly routingFile: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
};

/**
 * Asks a Lapwing what rules and a routing would have done, beside those in force. Throws OperatingError with all mistakes of the files, or
 * with what the server answers.
 */
export async function compareRules(
  url: string,
  { files, routingFile, startMs, endMs }: Asked,
): Promise<Comparison> {
  if (files.length === 0 && routingFile === undefined)
    throw new OperatingError("bad_request", "expected files of rules, or --routing with a file");
  const body = {
    ...(files.length > 0 && { rules: await rulesText(files) }),
    ...(routingFile !== undefined && { routing: await textOf(routingFile) }),
    start: new Date(startMs).toISOString(),
    end: new Date(endMs).toISOString(),
  };
  const path = "api/v1/monitoring/rules/backtest/compare";
  return post(url, path, JSON.stringify(body), Comparison);
}

/** All groups of files as those of one. */
async function rulesText(files: readonly string[]): Promise<string> {
  // Finds the mistakes with the names of files.
  await readRuleFiles({ files: [...files], evaluation_interval: 60_000, query_offset: 0 });
  const paths = [...new Set(files.flatMap(filesOf))];
  const texts = await Promise.all(paths.map(textOf));
  const [only = ""] = texts;
  if (texts.length === 1) return only;
  const groups = texts.flatMap((text, i) => {
    const parsed = FileOfGroups.safeParse(parse(text, { merge: true }));
    if (parsed.success) return parsed.data.groups;
    throw new OperatingError("bad_request", `${paths[i]}: expected groups, compare it alone`);
  });
  return stringify({ groups });
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new OperatingError("not_found", messageOf(cause), { cause });
  }
}

/** Lines for people: rules and receivers with both sides, then the alerts that would have fired. */
export function printComparison({ start, end, proposed, today }: Comparison): string[] {
  return [
    `${start} to ${end}`,
    "",
    ...table([["rule", "proposed", "today"], ...ruleRows(proposed, today)]),
    "",
    ...table([["notifications", "proposed", "today"], ...receiverRows(proposed, today)]),
    "",
    ...(proposed.episodes.length === 0 ? [] : ["proposed alerts:"]),
    ...proposed.episodes.map(episodeLine),
    ...leftOut(proposed),
  ];
}

type Row = readonly [string, string, string];

function ruleRows(proposed: Side, today: Side): Row[] {
  const textsOf = ({ rules }: Side) =>
    new Map(rules.map((rule) => [`${rule.group}: ${rule.name}`, ruleText(rule)]));
  return rowsOf(textsOf(proposed), textsOf(today), "-");
}

function ruleText({ fired, pending, firingSeconds, failure }: Side["rules"][number]): string {
  if (failure !== "") return `failed: ${failure}`;
  const often = fired === 1 ? "fired once" : `fired ${fired} times`;
  const long = fired === 0 ? "" : `, ${formatDuration(1_000 * Math.round(firingSeconds))}`;
  return `${often}${long}${pending === 0 ? "" : `, pending ${pending}`}`;
}

function receiverRows(proposed: Side, today: Side): Row[] {
  const textsOf = ({ notifications }: Side) =>
    new Map([
      ["all", String(notifications.count)],
      ...notifications.receivers.map(
        ({ receiver, integration, count }) =>
          [`${receiver} ${integration}`, String(count)] as const,
      ),
    ]);
  return rowsOf(textsOf(proposed), textsOf(today), "0");
}

function rowsOf(
  proposed: ReadonlyMap<string, string>,
  today: ReadonlyMap<string, string>,
  missing: string,
): Row[] {
  const names = [...new Set([...proposed.keys(), ...today.keys()])];
  return names.map((name) => [name, proposed.get(name) ?? missing, today.get(name) ?? missing]);
}

function table(rows: readonly Row[]): string[] {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function episodeLine({ labels, firedAt, endedAt, receivers }: Side["episodes"][number]): string {
  const ms = Date.parse(endedAt ?? "") - Date.parse(firedAt ?? "");
  const long = endedAt === null ? "still firing" : formatDuration(1_000 * Math.round(ms / 1_000));
  const to = receivers.length === 0 ? "no receiver" : receivers.join(", ");
  return `  ${firedAt}  ${long.padEnd(12)}  ${printedLabels(labels)}  ${to}`;
}

function leftOut({ fired, episodes }: Side): string[] {
  return fired > episodes.length ? [`  and ${fired - episodes.length} more`] : [];
}
