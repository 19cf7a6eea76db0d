import type { Section } from "../section.ts";
import { attributeName, quoted } from "../stages/stage_pipeline.ts";
import { type FluentPipeline, literal, patternOf } from "./fluent_pipeline.ts";
import type { FluentParsers } from "./parsers.ts";

type Convert = (filter: Section, pipeline: FluentPipeline, parsers: FluentParsers) => void;

/** Filters by their names; sorted. Each is asked once for every input that its Match is for. */
export const filters: Readonly<Record<string, Convert>> = {
  grep: grepFilter,
  kubernetes: kubernetesFilter,
  log_to_metrics: metricsFilter,
  modify: modifyFilter,
  multiline: multilineFilter,
  parser: parserFilter,
  record_modifier: recordModifierFilter,
  throttle: throttleFilter,
};

/** `type_converter` puts values of another type under new keys; here all values are texts. */
export function missConverted(filter: Section, pipeline: FluentPipeline): void {
  for (const key of ["float_key", "int_key", "str_key", "uint_key"])
    for (const { text } of each(filter, key)) {
      const [, made = ""] = text.trim().split(/\s+/);
      if (made !== "") pipeline.missing.add(pipeline.where(made));
    }
}

/** The texts of a key that may stand more than once, or be a list, with what stands there. */
function each(
  section: Section,
  key: string,
): { text: string; node: Section["node"]["entries"][number]["node"] }[] {
  return section.node.entries
    .filter((entry) => entry.key === key)
    .flatMap(({ node }) => (node.kind === "list" ? node.items : [node]))
    .flatMap((node) => {
      section.account.carry(node);
      if (node.kind === "scalar" && node.unknown === undefined)
        return [{ text: String(node.value), node }];
      section.mistakes.add(node, node.kind === "scalar" ? (node.unknown ?? "") : "expected a text");
      return [];
    });
}

/** "key the rest". */
function words(text: string): [first: string, rest: string] {
  const [, first = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(text.trim()) ?? [];
  return [first, rest];
}

/** The same for `modify`, whose words may be quoted: `key "a value"`. */
function quotedWords(text: string): [first: string, rest: string] {
  const quotes = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')(?=\s|$)\s*(.*)$/s;
  const [, double, single, after = ""] = quotes.exec(text.trim()) ?? [];
  const key = double ?? single;
  const [first, rest] = key === undefined ? words(text) : [unescaped(key), after];
  const [, inDouble, inSingle] = quotes.exec(rest) ?? [];
  const value = inDouble ?? inSingle;
  return [first, value === undefined ? rest : unescaped(value)];
}

/** The same for `record_modifier`, which knows double quotes alone, and only them behind a backslash. */
function doubleQuotedWords(text: string): [first: string, rest: string] {
  const parts = /^(?:"((?:[^"\\]|\\.)*)"|(\S+))\s*(?:"((?:[^"\\]|\\.)*)"|(.*))$/s;
  const [, quotedKey, key = "", quotedValue, value = ""] = parts.exec(text.trim()) ?? [];
  return [
    quotedKey === undefined ? key : withoutBackslashes(quotedKey),
    quotedValue === undefined ? value : withoutBackslashes(quotedValue),
  ];
}

function withoutBackslashes(text: string): string {
  return text.replaceAll('\\"', '"');
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(["'\\])/g, "$1");
}

function grepFilter(filter: Section, pipeline: FluentPipeline): void {
  const operator = (filter.text("logical_op") ?? "legacy").toLowerCase();
  for (const [key, wanted] of [
    ["regex", true],
    ["exclude", false],
  ] as const) {
    const rules = each(filter, key).map(({ text, node }) => {
      const [field, pattern] = words(text);
      return { field, pattern: patternOf(pattern), node };
    });
    if (rules.length === 0) continue;
    const conditions = rules.map(({ field, pattern }) => pipeline.condition(field, pattern));
    const isOr = operator === "or";
    const isAnd = operator === "and";
    let faults: (string | undefined)[];
    if (wanted && isOr) faults = [keepAny(rules, conditions, pipeline)];
    else if (!wanted && isAnd)
      faults = [pipeline.add("drop", { match: `{} ${conditions.join(" ")}` })];
    else
      faults = conditions.map((condition) =>
        wanted
          ? pipeline.add("keep", { only: `{} ${condition}` })
          : pipeline.add("drop", { match: `{} ${condition}` }),
      );
    for (const [i, fault] of faults.entries())
      if (fault !== undefined) filter.account.takeBack(rules[i]?.node ?? filter.node, fault);
  }
}

/** Records of which one rule is true. */
function keepAny(
  rules: readonly { readonly pattern: string }[],
  conditions: readonly string[],
  pipeline: FluentPipeline,
): string | undefined {
  if (conditions.every((own) => own.startsWith("|~")))
    return pipeline.add("keep", {
      only: `{} |~ ${rules.map(({ pattern }) => quoted(pattern)).join(" or ")}`,
    });
  if (conditions.some((own) => own.startsWith("|~")))
    return "a condition on the line and one on a field are not joined by or";
  const joined = conditions.map((own) => own.slice(2)).join(" or ");
  return pipeline.add("keep", { only: `{} | ${joined}` });
}

function modifyFilter(filter: Section, pipeline: FluentPipeline): void {
  const conditions = each(filter, "condition").map(({ text, node }) => ({
    filter: conditionOf(text, pipeline),
    node,
  }));
  const bad = conditions.find((own) => own.filter === undefined);
  if (bad !== undefined) {
    filter.account.takeBack(filter.node, "a condition of this kind is not known");
    for (const key of filter.keys)
      if (Object.hasOwn(changes, key))
        for (const { text } of each(filter, key)) missChanged(key, quotedWords(text), pipeline);
    return;
  }
  const before = pipeline.processors.length;
  for (const { key, node } of filter.node.entries) {
    const change = Object.hasOwn(changes, key) ? changes[key] : undefined;
    if (change === undefined) continue;
    for (const { text } of each(filter.within({ ...filter.node, entries: [{ key, node }] }), key)) {
      const [first, rest] = quotedWords(text);
      const fault = change([first, rest], pipeline);
      if (fault === undefined) continue;
      filter.account.takeBack(node, fault);
      missChanged(key, [first, rest], pipeline);
    }
  }
  if (conditions.length === 0) return;
  // What is changed must not change what the conditions ask for.
  const processors = pipeline.processors.splice(before);
  const match = `{} ${conditions.map((own) => own.filter).join(" ")}`;
  const fault = processors.length > 0 ? pipeline.add("group", { match, processors }) : undefined;
  if (fault !== undefined) filter.account.takeBack(filter.node, fault);
}

/** Notes the fields that a change would make or take away: it is left out. */
function missChanged(
  key: string,
  [first, rest]: readonly [string, string],
  pipeline: FluentPipeline,
): void {
  for (const name of /copy|rename/.test(key) ? [first, rest] : [first]) {
    const where = pipeline.where(name);
    if (where !== "body") pipeline.missing.add(where);
  }
}

type Change = (
  of: readonly [first: string, rest: string],
  pipeline: FluentPipeline,
) => string | undefined;

const changes: Readonly<Record<string, Change>> = {
  add: ([key, value], pipeline) => {
    const to = pipeline.where(key);
    return to === "body"
      ? onLine
      : pipeline.add("format", {
          to,
          template: `{{ if .${to} }}{{ .${to} }}{{ else }}${literal(value)}{{ end }}`,
        });
  },
  copy: copied,
  hard_copy: copied,
  hard_rename: renamed,
  remove: ([key], pipeline) => {
    const name = pipeline.where(key);
    return name === "body" ? onLine : pipeline.add("labels", { remove_attributes: [name] });
  },
  rename: renamed,
  set: ([key, value], pipeline) =>
    pipeline.add("format", { to: pipeline.where(key), template: literal(value) }),
};
const onLine = "the line itself is always there";

function copied(
  [from, to]: readonly [string, string],
  pipeline: FluentPipeline,
): string | undefined {
  const source = pipeline.where(from);
  const template = source === "body" ? "{{.Entry}}" : `{{.${source}}}`;
  return pipeline.add("format", { to: pipeline.where(to), template });
}

function renamed(
  [from, to]: readonly [string, string],
  pipeline: FluentPipeline,
): string | undefined {
  const source = pipeline.where(from);
  if (source === "body") {
    pipeline.messageKey = to;
    return undefined;
  }
  if (pipeline.where(to) === "body") return pipeline.add("format", { template: `{{.${source}}}` });
  return pipeline.add("labels", { rename_attributes: { [pipeline.where(to)]: source } });
}

/** `Condition` of modify as a filter of LogQL's. */
function conditionOf(text: string, pipeline: FluentPipeline): string | undefined {
  const [kind, rest] = words(text);
  const [key, value] = quotedWords(rest);
  const where = pipeline.where(key);
  const isBody = where === "body";
  switch (kind.toLowerCase()) {
    case "key_exists":
      return isBody ? "" : `| ${where}!=""`;
    case "key_does_not_exist":
      return isBody ? undefined : `| ${where}=""`;
    case "key_value_equals":
      return isBody ? undefined : `| ${where}=${quoted(value)}`;
    case "key_value_does_not_equal":
      return isBody ? undefined : `| ${where}!=${quoted(value)}`;
    case "key_value_matches":
      return pipeline.condition(key, patternOf(value));
    case "key_value_does_not_match":
      return pipeline.condition(key, patternOf(value), false);
    default:
      return undefined;
  }
}

function recordModifierFilter(filter: Section, pipeline: FluentPipeline): void {
  for (const { text, node } of each(filter, "record")) {
    const [key, value] = doubleQuotedWords(text);
    const to = pipeline.where(key);
    const fault = pipeline.add("format", { to, template: literal(value) });
    if (fault === undefined) continue;
    filter.account.takeBack(node, fault);
    pipeline.missing.add(to);
  }
  const removed = each(filter, "remove_key").map(({ text, node }) => {
    const name = pipeline.where(text);
    if (name === "body") filter.account.takeBack(node, onLine);
    return name;
  });
  const gone = removed.filter((name) => name !== "body");
  if (gone.length > 0) pipeline.add("labels", { remove_attributes: gone });
  filter.lose(
    ["allowlist_key", "whitelist_key"],
    "attributes can be removed by name, not kept by name",
    "error",
  );
  for (const { text, node } of each(filter, "uuid_key")) {
    pipeline.missing.add(pipeline.where(text));
    filter.account.takeBack(node, "records get no ids");
  }
}

function parserFilter(filter: Section, pipeline: FluentPipeline, parsers: FluentParsers): void {
  const key = filter.text("key_name");
  if (key === undefined) filter.mistakes.add(filter.node, "expected key_name");
  const from = pipeline.where(key ?? "log");
  for (const { text, node } of each(filter, "parser"))
    if (!parsers.apply(text, from, pipeline))
      filter.account.takeBack(node, "no such parser is known");
  if (filter.flag("reserve_data") === false) filter.differ("reserve_data", "other fields are kept");
  if (filter.flag("preserve_key") === false)
    filter.differ("preserve_key", "the text that was parsed is kept");
  filter.lose(["unescape_key", "hash_value_field"], "texts are parsed as they are", "error");
}

function kubernetesFilter(filter: Section, pipeline: FluentPipeline): void {
  if (filter.flag("merge_log") === true) {
    const prefix = filter.text("merge_log_key");
    pipeline.add("json", prefix === undefined ? {} : { prefix: `${attributeName(prefix)}_` });
  }
  // Those that a path says have the names of labels by now.
  pipeline.missing.addShape(/^kubernetes_/);
  filter.loseRestBut(
    ["name", "match", "match_regex", "alias"],
    "namespace, pod and container come from the path; Kubernetes is not asked",
    "error",
  );
}

function multilineFilter(filter: Section, pipeline: FluentPipeline, parsers: FluentParsers): void {
  const name = filter.text("multiline.parser")?.split(",")[0]?.trim() ?? "";
  const joined = parsers.joined(name);
  if (
    joined === undefined ||
    pipeline.multiline !== undefined ||
    pipeline.processors.length > 0 ||
    pipeline.isContainer
  ) {
    filter.account.takeBack(
      filter.node,
      "lines are joined as files are read, before anything else",
    );
    return;
  }
  pipeline.multiline = joined;
  filter.lose(
    [
      "multiline.key_content",
      "mode",
      "buffer",
      "flush_ms",
      "emitter_name",
      "emitter_storage.type",
      "emitter_mem_buf_limit",
    ],
    "lines are joined as files are read",
  );
}

/** A rate over a window of intervals. */
function throttleFilter(filter: Section, pipeline: FluentPipeline): void {
  const rate = filter.number("rate") ?? 1;
  const window = filter.number("window") ?? 5;
  const [, number = "1", unit = "s"] =
    /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(filter.text("interval") ?? "1s") ?? [];
  const seconds = Number(number) * ({ s: 1, m: 60, h: 3_600, d: 86_400 }[unit] ?? 1);
  filter.lose(["print_status"], "the counters of processors show it");
  const burst = Math.max(1, rate * window);
  const fault = pipeline.add("rate_limit", { records_per_second: rate / seconds, burst, by: [] });
  if (fault !== undefined) filter.mistakes.add(filter.node, fault);
}

function metricsFilter(filter: Section, pipeline: FluentPipeline): void {
  const kind = filter.text("metric_mode")?.toLowerCase() ?? "counter";
  const name = [
    filter.text("metric_namespace") ?? "log_metric",
    filter.text("metric_subsystem") ?? kind,
    filter.text("metric_name") ?? "a",
  ];
  const help = filter.text("metric_description");
  const value = filter.text("value_field");
  const labels = each(filter, "label_field").map(({ text }) => pipeline.where(text));
  const conditions = [
    ...each(filter, "regex").map(({ text }) =>
      pipeline.condition(words(text)[0], patternOf(words(text)[1])),
    ),
    ...each(filter, "exclude").map(({ text }) =>
      pipeline.condition(words(text)[0], patternOf(words(text)[1]), false),
    ),
  ];
  const buckets = each(filter, "bucket")
    .map(({ text }) => Number(text))
    .toSorted((a, b) => a - b);
  const metric = {
    name: name.filter((part) => part !== "").join("_"),
    kind,
    ...(help === undefined ? {} : { help }),
    ...(value === undefined || kind === "counter" ? {} : { value: pipeline.where(value) }),
    ...(buckets.length === 0 ? {} : { buckets }),
    ...(labels.length === 0 ? {} : { labels, unlabelled: "count" }),
    ...(conditions.length === 0 ? {} : { match: `{} ${conditions.join(" ")}` }),
  };
  filter.lose(
    ["add_label", "kubernetes_mode"],
    "labels of metrics are fields of the record",
    "error",
  );
  filter.lose(
    ["tag", "emitter_name", "emitter_mem_buf_limit", "flush_interval_sec", "flush_interval_nsec"],
    "series go with all others",
  );
  if (filter.flag("discard_logs") === true) {
    const fault = pipeline.add("metrics", { metrics: [metric] });
    if (fault === undefined) pipeline.add("drop", {});
    else filter.account.takeBack(filter.node, fault);
    return;
  }
  const fault = pipeline.add("metrics", { metrics: [metric] });
  if (fault !== undefined) filter.account.takeBack(filter.node, fault);
}
