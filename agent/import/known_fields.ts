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
    "image",
    "namespace",
    "pod",
    "stream",
  ]),
  shape: /^(?:kubernetes_\w+|container_(?:name|id|image\w*)|label_\w+)$/,
};

/** Processors with our names of fields; where nothing here has a name, the section's key tells of it. */
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
      `nothing like ${names} is known of its records here: what goes by it finds nothing`,
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
    if (key === "pattern" || key === "with" || key === "format" || key === "type") return text;
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
    if (typeof value !== "object" || value === null) return value;
    return draftOf(value);
  };
  const draftOf = (draft: { readonly [key: string]: Plain }): Draft =>
    Object.fromEntries(Object.entries(draft).map(([key, value]) => [key, renamed(key, value)]));
  const own = processors.map((one) => draftOf(one)).flatMap((one) => copiesOf(one, labels));
  return { processors: own, unknown: [...unknown].toSorted() };
}

/** A label can't be promoted: where one is to get another name, rules copy it. */
function copiesOf(processor: Draft, labels: ReadonlySet<string>): Draft[] {
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

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}
