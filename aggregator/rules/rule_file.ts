import { assertNever } from "#shared/assert.ts";
import { messageOf } from "#shared/errors.ts";
import { parseTemplate } from "#shared/template/parse.ts";
import { parseDuration } from "#shared/text/duration.ts";
import type { Node } from "yaml";
import { parseLogql } from "../log_pipeline/parse_query.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import type { RuleLanguage } from "./rule_languages.ts";
import { checkSlos, isSloFile } from "./slo_file.ts";
import { templateFunctionNames } from "./template_functions.ts";
import { type Entry, type RuleFault, YamlReader } from "./yaml_reader.ts";

export type CheckedRules = {
  readonly count: number;
  /** "rules", or "objectives" of a file of Sloth's. */
  readonly what: string;
  /** In the order of the file. */
  readonly faults: readonly RuleFault[];
  readonly warnings: readonly string[];
};

/**
 * Checks a file of alerting and recording rules as `promtool check rules` does (Prometheus's rulefmt), with LogQL as
 * Loki's ruler takes it, or a file of objectives (Sloth's prometheus/v1). Finds all mistakes at once.
 */
export function checkRuleFile(text: string, language: RuleLanguage): CheckedRules {
  const reader = new YamlReader(text);
  const faultsOfYaml = reader.faults.length;
  if (faultsOfYaml > 0)
    return { count: 0, what: "rules", faults: reader.faults, warnings: reader.warnings };
  const isSlo = isSloFile(reader);
  const count = isSlo ? checkSlos(reader) : new RuleFile(reader, language).check();
  const faults = reader.faults.toSorted((a, b) => a.line - b.line);
  return { count, what: isSlo ? "objectives" : "rules", faults, warnings: reader.warnings };
}

const groupKeys = new Set(["interval", "labels", "limit", "name", "query_offset", "rules"]);
const ruleKeys = new Set([
  "alert",
  "annotations",
  "expr",
  "for",
  "keep_firing_for",
  "labels",
  "record",
]);
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

class RuleFile {
  readonly #reader: YamlReader;
  readonly #language: RuleLanguage;
  readonly #seen = new Map<string, number>();

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
    let count = 0;
    for (const entry of entries) {
      const { key } = entry;
      if (!groupKeys.has(key)) reader.fault(entry.line, `${place}: no such key: ${key}`);
      else if (key === "interval" || key === "query_offset") this.#duration(entry, place);
      else if (key === "limit") reader.integer(entry);
      else if (key === "labels") this.#labels(entry, place, false);
      else if (key === "rules")
        for (const [n, rule] of reader.items(entry).entries()) {
          this.#rule(rule, `${place}, rule ${n + 1}`);
          count++;
        }
    }
    return count;
  }

  #rule(node: Node, where: string): void {
    const reader = this.#reader;
    const line = reader.lineOf(node);
    const entries = reader.entries(node, where);
    const of = (key: string): Entry | undefined => entries.find((entry) => entry.key === key);
    const textOf = (key: string): string => {
      const entry = of(key);
      return entry === undefined ? "" : reader.text(entry);
    };
    const [record, alert, expr] = [textOf("record"), textOf("alert"), textOf("expr")];
    const place = `${where}, ${JSON.stringify(record || alert)}`;
    for (const entry of entries)
      if (!ruleKeys.has(entry.key)) reader.fault(entry.line, `${place}: no such key: ${entry.key}`);
    if (record !== "" && alert !== "")
      reader.fault(line, `${place}: only one of 'record' and 'alert' must be set`);
    if (record === "" && alert === "")
      reader.fault(line, `${where}: one of 'record' or 'alert' must be set`);
    if (expr === "") reader.fault(of("expr")?.line ?? line, `${place}: field 'expr' must be set`);
    else this.#expression(expr, of("expr")?.line ?? line, place);
    const durations = ["for", "keep_firing_for"].flatMap((key) => of(key) ?? []);
    for (const entry of durations) {
      const ms = this.#duration(entry, place);
      if (record !== "" && ms !== 0)
        reader.fault(entry.line, `${place}: invalid field '${entry.key}' in recording rule`);
    }
    const isAlert = alert !== "";
    const [labels, annotations] = [of("labels"), of("annotations")];
    const pairs = labels === undefined ? [] : this.#labels(labels, place, isAlert);
    if (annotations !== undefined) this.#annotations(annotations, place, isAlert, record !== "");
    if (record !== "" && !metricName.test(record))
      reader.fault(of("record")?.line ?? line, `${place}: invalid recording rule name`);
    const key = JSON.stringify([record || alert, pairs.toSorted()]);
    this.#seen.set(key, (this.#seen.get(key) ?? 0) + 1);
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

  #labels(entry: Entry, place: string, isAlert: boolean): string[] {
    return this.#reader.entries(entry.value, `${place}: labels`, entry.line).map((label) => {
      const { key, line } = label;
      const text = this.#reader.text(label);
      if (!labelName.test(key) || key === "__name__")
        this.#reader.fault(line, `${place}: invalid label name: ${key}`);
      if (isAlert) this.#template(text, line, `${place}: label ${JSON.stringify(key)}`);
      return `${key}=${text}`;
    });
  }

  #annotations(entry: Entry, place: string, isAlert: boolean, isRecord: boolean): void {
    const entries = this.#reader.entries(entry.value, `${place}: annotations`, entry.line);
    if (isRecord && entries.length > 0)
      this.#reader.fault(entry.line, `${place}: invalid field 'annotations' in recording rule`);
    for (const annotation of entries) {
      const { key, line } = annotation;
      const text = this.#reader.text(annotation);
      if (!labelName.test(key))
        this.#reader.fault(line, `${place}: invalid annotation name: ${key}`);
      if (isAlert) this.#template(text, line, `${place}: annotation ${JSON.stringify(key)}`);
    }
  }

  /** Go's text/template with Prometheus's functions. Named templates are not read further. */
  #template(text: string, line: number, place: string): void {
    if (!text.includes("{{") || /\{\{-?\s*(?:define|template|block)\b/.test(text)) return;
    try {
      parseTemplate(variables + text, templateFunctionNames);
    } catch (thrown) {
      this.#reader.fault(line, `${place}: ${messageOf(thrown)}`);
    }
  }

  #expression(text: string, line: number, place: string): void {
    const fault = expressionFault(text, this.#language);
    if (fault !== undefined)
      this.#reader.fault(line, `${place}: could not parse expression: ${fault}`);
  }
}

/** As Prometheus puts them before each template. */
const variables =
  "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}";

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
