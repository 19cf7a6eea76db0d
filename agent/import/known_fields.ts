import type { Draft } from "./plan.ts";
import type { Section } from "./section.ts";
import type { Plain } from "./source_tree.ts";

/** Fields that a shipper gives to records of one kind of source, by what has the same value here. */
export type KnownFields = {
  /** Labels and attributes of ours; of labels, promote makes copies. */
  readonly names: Readonly<Record<string, string>>;
  readonly labels: ReadonlySet<string>;
  /** Names that only such fields have; one that is not in `names` is unknown. */
  readonly shape: RegExp;
};

/** Of the journal: what our source keeps without being told to. */
export const journalFields: KnownFields = {
  names: Object.fromEntries(
    [
      ["SYSTEMD_UNIT", "unit"],
      ["HOSTNAME", "host"],
      ["TRANSPORT", "transport"],
      ["SYSLOG_IDENTIFIER", "syslog_identifier"],
      ["PID", "pid"],
      ["UID", "uid"],
      ["COMM", "comm"],
      ["BOOT_ID", "boot_id"],
      ["MESSAGE_ID", "message_id"],
      ["CONTAINER_NAME", "container_name"],
    ].flatMap(([field = "", own = ""]) => [
      [field, own],
      [`_${field}`, own],
    ]),
  ),
  labels: new Set(["unit", "host", "transport"]),
  shape: /^_?(?:[A-Z][A-Z0-9]*_[A-Z0-9_]+|PRIORITY|PID|UID|GID|COMM|EXE|HOSTNAME|TRANSPORT)$/,
};

/** Of containers: what a path tells, and Docker of its own. */
export const containerFields: KnownFields = {
  names: {
    container_name: "container",
    file: "filename",
    label_com_docker_compose_project: "compose_project",
    label_com_docker_compose_service: "compose_service",
    kubernetes_container_name: "container",
    kubernetes_namespace_name: "namespace",
    kubernetes_pod_name: "pod",
    kubernetes_pod_namespace: "namespace",
  },
  labels: new Set([
    "compose_project",
    "compose_service",
    "container",
    "filename",
    "image",
    "namespace",
    "pod",
    "stream",
  ]),
  shape: /^(?:kubernetes_\w+|container_(?:name|id|image\w*)|label_\w+)$/,
};

/** Of records that come by Forward, the keys that the receiver makes labels of. */
export const forwardedFields: KnownFields = {
  names: {
    container_name: "container",
    hostname: "host",
    _HOSTNAME: "host",
    _SYSTEMD_UNIT: "unit",
    kubernetes_container_name: "container",
    kubernetes_namespace_name: "namespace",
    kubernetes_pod_name: "pod",
  },
  labels: new Set(["container", "host", "job", "namespace", "pod", "tag", "unit"]),
  shape: /^$/,
};

/** What Fluent Bit's parsers for syslog call the parts of a message. */
export const fluentSyslogFields: KnownFields = {
  names: { host: "host", ident: "app", msgid: "msgid", pid: "procid" },
  labels: new Set(["app", "facility", "host", "job"]),
  shape: /^(?:extradata|pri|time)$/,
};

/** What Vector calls the parts of a syslog message; severity and source_ip are labels where something asks for them. */
export const vectorSyslogFields: KnownFields = {
  names: { appname: "app", hostname: "host" },
  labels: new Set(["app", "facility", "host", "job", "severity", "source_ip"]),
  shape: /^(?:source_type|version)$/,
};

/** What Vector says of a line of a file. */
export const vectorFileFields: KnownFields = {
  names: { file: "filename" },
  labels: new Set(["filename", "host", "job"]),
  shape: /^source_type$/,
};

/** The same with names in lower case, as an option of the shipper makes them. */
export function lowerCased({ names, labels, shape }: KnownFields): KnownFields {
  const lower = Object.entries(names).map(([name, own]) => [name.toLowerCase(), own]);
  return { names: Object.fromEntries(lower), labels, shape: new RegExp(shape.source, "i") };
}

/** Processors with our names of fields; a name that nothing here has is an error at the section's key. */
export function namedHere(
  processors: readonly Draft[],
  known: KnownFields,
  section: Section,
  key: string,
): readonly Draft[] {
  const own = withKnownFields(processors, known);
  const names = own.unknown.join(", ");
  if (names !== "")
    section.differ(
      key,
      `nothing like ${names} is known of its records here: what looks for it finds nothing`,
      "unknown",
    );
  return own.processors;
}

function withKnownFields(
  processors: readonly Draft[],
  { names, labels, shape }: KnownFields,
): { readonly processors: Draft[]; readonly unknown: string[] } {
  const unknown = new Set<string>();
  const wordOf = (word: string): string => {
    const own = Object.hasOwn(names, word) ? names[word] : undefined;
    if (own === undefined && shape.test(word)) unknown.add(word);
    return own ?? word;
  };
  const wordsOf = (text: string): string => text.replaceAll(/[A-Za-z_]\w*/g, wordOf);
  /** Names stand outside of quotes in filters and within braces in templates; texts and patterns have none. */
  const textOf = (key: string, text: string): string => {
    if (literalKeys.has(key)) return text;
    if (key === "match" || key === "only")
      return text.replaceAll(/`[^`]*`|"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*/g, (part) =>
        /^[`"]/.test(part) ? part : wordOf(part),
      );
    if (key === "template") return text.replaceAll(/\{\{[^}]*\}\}/g, wordsOf);
    return wordsOf(text);
  };
  const renamed = (key: string, value: Plain): Plain => {
    if (typeof value === "string") return textOf(key, value);
    if (isList(value)) return value.map((item) => renamed(key, item));
    if (typeof value !== "object" || value === null || literalKeys.has(key)) return value;
    return mapKeys.has(key) ? namesOf(value) : draftOf(value);
  };
  const namesOf = (map: { readonly [key: string]: Plain }): Draft =>
    Object.fromEntries(
      Object.entries(map).map(([key, from]) => [
        key,
        typeof from === "string" ? wordsOf(from) : from,
      ]),
    );
  const draftOf = (draft: { readonly [key: string]: Plain }): Draft =>
    Object.fromEntries(Object.entries(draft).map(([key, value]) => [key, renamed(key, value)]));
  const own = processors.map((one) => draftOf(one)).flatMap((one) => copiesOf(one, labels));
  return { processors: own, unknown: [...unknown].toSorted() };
}

/** Keys whose values are no names of fields. */
const literalKeys = new Set([
  "format",
  "help",
  "kind",
  "kinds",
  "name",
  "pattern",
  "patterns",
  "regex",
  "replacement",
  "static",
  "type",
  "with",
]);

/** Keys whose values are maps of names of one's own to names of fields. */
const mapKeys = new Set(["demote", "fields", "promote", "rename", "rename_attributes"]);

/** What is said of attributes, said of labels where a field is one here. */
function copiesOf(whole: Draft, labels: ReadonlySet<string>): Draft[] {
  const processor = whole.type === "labels" ? withoutLabels(whole, labels) : whole;
  const { promote } = processor;
  if (processor.type !== "labels" || promote === undefined || promote === null) return [processor];
  if (typeof promote !== "object") return [processor];
  const pairs: [string, Plain][] = isList(promote)
    ? promote.flatMap((name): [string, Plain][] => (typeof name === "string" ? [[name, name]] : []))
    : Object.entries(promote);
  const isLabel = ([, from]: [string, Plain]): boolean =>
    typeof from === "string" && labels.has(from);
  const rest = Object.fromEntries(pairs.filter((pair) => !isLabel(pair)));
  const copies = pairs.filter((pair) => isLabel(pair) && pair[0] !== pair[1]);
  const { promote: _, ...others } = processor;
  const left: Draft = Object.keys(rest).length === 0 ? others : { ...others, promote: rest };
  const rules = copies.map(([to, from]) => ({ source_labels: [from], target_label: to }));
  return [
    ...(rules.length === 0 ? [] : [{ type: "relabel", relabel_configs: rules }]),
    ...(Object.keys(left).length === 1 ? [] : [left]),
  ];
}

/** Labels that are to go, or to get another name: an empty label is none, and one can be demoted. */
function withoutLabels(processor: Draft, labels: ReadonlySet<string>): Draft {
  const { remove_attributes: removed, rename_attributes: renamed, ...others } = processor;
  const names = isList(removed) ? removed.map(String) : [];
  const gone = names.filter((name) => labels.has(name));
  const pairs = typeof renamed === "object" && renamed !== null ? Object.entries(renamed) : [];
  const isLabel = (from: Plain): boolean => typeof from === "string" && labels.has(from);
  const moved = pairs.filter(([, from]) => isLabel(from));
  if (gone.length === 0 && moved.length === 0) return processor;
  const left = names.filter((name) => !labels.has(name));
  const kept = pairs.filter(([, from]) => !isLabel(from));
  return {
    ...others,
    ...(left.length === 0 ? {} : { remove_attributes: left }),
    ...(kept.length === 0 ? {} : { rename_attributes: Object.fromEntries(kept) }),
    ...(moved.length === 0 ? {} : { demote: Object.fromEntries(moved) }),
    ...(gone.length === 0 ? {} : { static: Object.fromEntries(gone.map((name) => [name, ""])) }),
  };
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}
