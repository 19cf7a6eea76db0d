import { assertNever } from "#shared/assert.ts";
import { messageOf } from "#shared/errors.ts";
import { parseDuration } from "#shared/text/duration.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { Node } from "yaml";
import { parseLogql } from "../log_pipeline/parse_query.ts";
import { printLogql } from "#shared/query_language/logql/print.ts";
import { printPromql } from "#shared/query_language/promql/print.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import { parseAlertText } from "./alert_texts.ts";
import type { ExpressionLanguage, Rule, RuleGroup } from "./rule.ts";
import type { RuleLanguage } from "./rule_languages.ts";
import { plainRulesText } from "./plain_rules.ts";
import { checkSlos, isSloFile } from "./slo/slo_file.ts";
import { sloRules } from "./slo/slo_rules.ts";
import { type Entry, type RuleFault, YamlReader } from "./yaml_reader.ts";

export type CheckedRules = {
  readonly count: number;
  /** "rules", or "objectives" of a file of Sloth's. */
  readonly what: string;
  /** In the order of the file. */
  readonly faults: readonly RuleFault[];
  readonly warnings: readonly string[];
  /** What the file says, as far as it could be read; of a file of objectives without faults the rules that Sloth makes of them. */
  readonly groups: readonly FileGroup[];
};

/** A group as a file has it: what it leaves out is undefined. */
export type FileGroup = Pick<RuleGroup, "name" | "limit" | "rules"> & {
  readonly intervalMs: number | undefined;
  readonly queryOffsetMs: number | undefined;
};

/**
 * Checks a file of alerting and recording rules as `promtool check rules` does (Prometheus's rulefmt), with LogQL as
 * Loki's ruler takes it, or a file of objectives (Sloth's prometheus/v1). Finds all mistakes at once.
 */
export function checkRuleFile(text: string, language: RuleLanguage): CheckedRules {
  const reader = new YamlReader(text);
  const faultsOfYaml = reader.faults.length;
  if (faultsOfYaml > 0)
    return {
      count: 0,
      what: "rules",
      faults: reader.faults,
      warnings: reader.warnings,
      groups: [],
    };
  if (isSloFile(reader)) return checkedObjectives(text, reader);
  const file = new RuleFile(reader, language);
  const count = file.check();
  const faults = reader.faults.toSorted((a, b) => a.line - b.line);
  return { count, what: "rules", faults, warnings: reader.warnings, groups: file.groups };
}

function checkedObjectives(text: string, reader: YamlReader): CheckedRules {
  const count = checkSlos(reader);
  const faults = reader.faults.toSorted((a, b) => a.line - b.line);
  const groups =
    faults.length > 0 ? [] : checkRuleFile(plainRulesText(sloRules(text)), "promql").groups;
  return { count, what: "objectives", faults, warnings: reader.warnings, groups };
}

const groupKeys = new Set(["interval", "labels", "limit", "name", "query_offset", "rules"]);
const ruleKeys = new Set([
  "alert",
  "annotations",
  "data_labels",
  "expr",
  "for",
  "keep_firing_for",
  "labels",
  "record",
  "sql",
]);
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

class RuleFile {
  readonly #reader: YamlReader;
  readonly #language: RuleLanguage;
  readonly #seen = new Map<string, number>();
  readonly groups: FileGroup[] = [];

  constructor(reader: YamlReader, language: RuleLanguage) {
    this.#reader = reader;
    this.#language = language;
  }

  /** How many rules there are. */
  check(): number {
    const reader = this.#reader;
    let count = 0;
    const names = new Set<string>();
    for (const entry of reader.entries(reader.root, "the file")) {
      if (entry.key !== "groups") {
        reader.fault(entry.line, `no such key: ${entry.key} (expected groups)`);
        continue;
      }
      for (const [i, node] of reader.items(entry).entries()) count += this.#group(node, i, names);
    }
    const repeated = [...this.#seen.values()].filter((times) => times > 1).length;
    if (repeated > 0)
      reader.warnings.push(
        `${repeated} duplicate rule(s) found: rules of one name with the same labels can contradict each other`,
      );
    return count;
  }

  #group(node: Node, i: number, names: Set<string>): number {
    const reader = this.#reader;
    const line = reader.lineOf(node);
    const entries = reader.entries(node, `group ${i + 1}`);
    const named = entries.find(({ key }) => key === "name");
    const name = named === undefined ? "" : reader.text(named);
    const place = name === "" ? `group ${i + 1}` : `group "${name}"`;
    if (name === "") reader.fault(line, `${place}: name must not be empty`);
    else if (names.has(name))
      reader.fault(named?.line ?? line, `${place} is repeated in the same file`);
    names.add(name);
    for (const { key, line: at } of entries)
      if (!groupKeys.has(key)) reader.fault(at, `${place}: no such key: ${key}`);
    const of = (key: string): Entry | undefined => entries.find((entry) => entry.key === key);
    const [interval, offset, limit, labels, list] = [
      of("interval"),
      of("query_offset"),
      of("limit"),
      of("labels"),
      of("rules"),
    ];
    const shared = labels === undefined ? {} : this.#labels(labels, place, false);
    const nodes = list === undefined ? [] : reader.items(list);
    const rules = nodes.flatMap(
      (rule, n) => this.#rule(rule, `${place}, rule ${n + 1}`, shared) ?? [],
    );
    this.groups.push({
      name,
      // An interval of 0 is none, as in Prometheus.
      intervalMs: (interval && this.#duration(interval, place)) || undefined,
      queryOffsetMs: offset && this.#duration(offset, place),
      limit: (limit && reader.integer(limit)) ?? 0,
      rules,
    });
    return nodes.length;
  }

  /** undefined for one that can't be evaluated. */
  #rule(node: Node, where: string, shared: Labels): Rule | undefined {
    const reader = this.#reader;
    const line = reader.lineOf(node);
    const entries = reader.entries(node, where);
    const of = (key: string): Entry | undefined => entries.find((entry) => entry.key === key);
    const textOf = (key: string): string => {
      const entry = of(key);
      return entry === undefined ? "" : reader.text(entry);
    };
    const [record, alert, sql] = [textOf("record"), textOf("alert"), textOf("sql").trim()];
    const expr = sql === "" ? textOf("expr") : sql;
    const place = `${where}, ${JSON.stringify(record || alert)}`;
    for (const entry of entries)
      if (!ruleKeys.has(entry.key)) reader.fault(entry.line, `${place}: no such key: ${entry.key}`);
    if (record !== "" && alert !== "")
      reader.fault(line, `${place}: only one of 'record' and 'alert' must be set`);
    if (record === "" && alert === "")
      reader.fault(line, `${where}: one of 'record' or 'alert' must be set`);
    if (sql !== "" && of("expr") !== undefined)
      reader.fault(of("sql")?.line ?? line, `${place}: only one of 'expr' and 'sql' must be set`);
    if (expr === "") reader.fault(of("expr")?.line ?? line, `${place}: field 'expr' must be set`);
    let language: ExpressionLanguage | undefined;
    // DuckDB alone can read SQL: a mistake shows when the rule is evaluated.
    if (sql !== "") language = "sql";
    else if (expr !== "") language = this.#expression(expr, of("expr")?.line ?? line, place);
    const [forMs, keepFiringMs] = ["for", "keep_firing_for"].map((key) => {
      const entry = of(key);
      const ms = entry && this.#duration(entry, place);
      if (entry !== undefined && record !== "" && ms !== 0)
        reader.fault(entry.line, `${place}: invalid field '${key}' in recording rule`);
      return ms ?? 0;
    });
    const isAlert = alert !== "";
    const [labels, annotations] = [of("labels"), of("annotations")];
    const own = labels === undefined ? {} : this.#labels(labels, place, isAlert);
    const texts =
      annotations === undefined
        ? {}
        : this.#annotations(annotations, place, isAlert, record !== "");
    if (record !== "" && !metricName.test(record))
      reader.fault(of("record")?.line ?? line, `${place}: invalid recording rule name`);
    const dataLabels = this.#dataLabels(of("data_labels"), place, sql !== "");
    const key = JSON.stringify([record || alert, labelsKey(own)]);
    this.#seen.set(key, (this.#seen.get(key) ?? 0) + 1);
    if (language === undefined) return undefined;
    const labelled = { ...shared, ...own };
    const base = {
      expr,
      query: printed(expr, language),
      language,
      labels: labelled,
      ...(dataLabels !== undefined && { dataLabels }),
    };
    if (!isAlert) return { kind: "recording", name: record, ...base };
    const times = { forMs: forMs ?? 0, keepFiringMs: keepFiringMs ?? 0 };
    return { kind: "alerting", name: alert, ...base, ...times, annotations: texts };
  }

  /** Columns of a statement. */
  #dataLabels(entry: Entry | undefined, place: string, isSql: boolean): string[] | undefined {
    if (entry === undefined) return undefined;
    const reader = this.#reader;
    if (!isSql) reader.fault(entry.line, `${place}: 'data_labels' goes with 'sql' only`);
    return reader.items(entry).map((value) => {
      const name = reader.text({ ...entry, value });
      if (!labelName.test(name) || name === "__name__")
        reader.fault(
          reader.lineOf(value, entry.line),
          `${place}: invalid name in data_labels: ${JSON.stringify(name)}`,
        );
      return name;
    });
  }

  #duration(entry: Entry, place: string): number | undefined {
    const text = this.#reader.text(entry);
    const ms = parseDuration(text);
    if (ms === undefined)
      this.#reader.fault(
        entry.line,
        `${place}: invalid ${entry.key} ${JSON.stringify(text)}: expected a duration such as 15s`,
      );
    return ms;
  }

  #labels(entry: Entry, place: string, isAlert: boolean): Labels {
    const found = this.#reader.entries(entry.value, `${place}: labels`, entry.line);
    const pairs = found.map((label) => {
      const { key, line } = label;
      const text = this.#reader.text(label);
      if (!labelName.test(key) || key === "__name__")
        this.#reader.fault(line, `${place}: invalid label name: ${key}`);
      if (isAlert) this.#template(text, line, `${place}: label ${JSON.stringify(key)}`);
      return [key, text] as const;
    });
    return Object.fromEntries(pairs);
  }

  #annotations(entry: Entry, place: string, isAlert: boolean, isRecord: boolean): Labels {
    const entries = this.#reader.entries(entry.value, `${place}: annotations`, entry.line);
    if (isRecord && entries.length > 0)
      this.#reader.fault(entry.line, `${place}: invalid field 'annotations' in recording rule`);
    const pairs = entries.map((annotation) => {
      const { key, line } = annotation;
      const text = this.#reader.text(annotation);
      if (!labelName.test(key))
        this.#reader.fault(line, `${place}: invalid annotation name: ${key}`);
      if (isAlert) this.#template(text, line, `${place}: annotation ${JSON.stringify(key)}`);
      return [key, text] as const;
    });
    return Object.fromEntries(pairs);
  }

  /** Go's text/template with Prometheus's functions. */
  #template(text: string, line: number, place: string): void {
    if (!text.includes("{{")) return;
    try {
      parseAlertText(text);
    } catch (thrown) {
      this.#reader.fault(line, `${place}: ${messageOf(thrown)}`);
    }
  }

  /** The language of an expression; undefined, with a fault, where it can't be read. */
  #expression(text: string, line: number, place: string): ExpressionLanguage | undefined {
    const fault = expressionFault(text, this.#language);
    if (fault === undefined) return languageOf(text, this.#language);
    this.#reader.fault(line, `${place}: could not parse expression: ${fault}`);
    return undefined;
  }
}

function printed(text: string, language: ExpressionLanguage): string {
  switch (language) {
    case "promql":
      return printPromql(parsePromql(text).expr);
    case "logql":
      return printLogql(parseLogql(text));
    case "sql":
      return text;
    default:
      return assertNever(language);
  }
}

function languageOf(text: string, language: RuleLanguage): ExpressionLanguage {
  if (language !== "auto") return language;
  return promqlFault(text) === undefined ? "promql" : "logql";
}

/** Stages and line filters behind a selector, or a range behind them: no PromQL. */
const looksLikeLogql = /\}\s*(?:\|[=~>|]?|!=|!~|!>)|\|\s*(?:json|logfmt|unwrap|pattern|regexp)\b/;

/** What is wrong with an expression; undefined where it can be evaluated. */
export function expressionFault(text: string, language: RuleLanguage): string | undefined {
  switch (language) {
    case "promql":
      return promqlFault(text);
    case "logql":
      return logqlFault(text);
    case "auto": {
      const promql = promqlFault(text);
      if (promql === undefined) return undefined;
      const logql = logqlFault(text);
      return logql === undefined || looksLikeLogql.test(text) ? logql : promql;
    }
    default:
      return assertNever(language);
  }
}

function promqlFault(text: string): string | undefined {
  return faultOf(() => parsePromql(text));
}

function logqlFault(text: string): string | undefined {
  return faultOf(() => {
    if (parseLogql(text).kind === "log")
      throw new Error("a log query has no value: expected a metric query");
  });
}

function faultOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}
