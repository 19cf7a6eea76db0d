import type { Draft, Plan } from "./plan.ts";
import type { Section } from "./section.ts";
import {
  type TranslatedRules,
  type WrittenRule,
  dockerNameLabel,
  translatedRules,
} from "./relabel_rules.ts";

/** There is one receiver of each protocol: a second one of the source file can only add another transport. */
export function addReceiver(
  plan: Plan,
  type: string,
  given: {
    readonly receiver: Draft;
    readonly processors: readonly Draft[];
    readonly job: Section;
    readonly comment: string;
  },
): void {
  const { receiver, processors, job, comment } = given;
  const next: Draft = { ...receiver, ...(processors.length === 0 ? {} : { processors }) };
  const known = plan.receivers[type];
  if (known === undefined) {
    plan.receivers[type] = plan.commented(next, `${job.node.at}: ${comment}`);
    return;
  }
  const clash = Object.entries(next).some(
    ([key, value]) =>
      known[key] !== undefined && JSON.stringify(known[key]) !== JSON.stringify(value),
  );
  const misses = ["labels", "relabel_configs", "processors"].some(
    (key) => JSON.stringify(known[key]) !== JSON.stringify(next[key]),
  );
  if (clash || misses)
    job.account.takeBack(
      job.node,
      `there is one receiver of ${type}, and another one has taken its place`,
    );
  else Object.assign(known, next);
}

/** `__journal__systemd_unit` and the like, by the labels and attributes of our source; fields that it has to keep are added. */
function journalLabel(label: string, fields: Set<string>): string | undefined {
  const known: Readonly<Record<string, string>> = {
    __journal__systemd_unit: "unit",
    __journal__hostname: "host",
    __journal__transport: "transport",
  };
  const own = known[label];
  if (own !== undefined) return own;
  if (label === priorityKeyword) {
    fields.add("PRIORITY");
    return label;
  }
  if (!label.startsWith("__journal_")) return undefined;
  const field = label.slice("__journal_".length).toUpperCase();
  fields.add(field);
  return `__attribute_${journalAttribute(field)}`;
}

/** The attribute that our source makes of a field. */
function journalAttribute(field: string): string {
  return field.replace(/^_+/, "").toLowerCase();
}

const priorityKeyword = "__journal_priority_keyword";
const priorityWords = ["emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"];

/** Rules over the labels of journal entries. Fields that the source has to keep for them are added to `fields`; `labels` are those of the source. */
export function journalRules(
  written: readonly WrittenRule[],
  fields: Set<string>,
  labels: Readonly<Record<string, string>>,
): TranslatedRules {
  const { rules, targets, missing } = translatedRules(written, (label) =>
    journalLabel(label, fields),
  );
  for (const label of ["host", "transport", "unit"])
    if (!targets.includes(label) && !Object.hasOwn(labels, label)) missing.addForeign(label);
  const spent = [...fields].map(journalAttribute).toSorted();
  const isAsked = rules.some(
    ({ source_labels: names }) => Array.isArray(names) && names.includes(priorityKeyword),
  );
  if (!isAsked) return { rules, targets, missing, spent };
  const wordRules = priorityWords.map((word, number) => ({
    source_labels: ["__attribute_priority"],
    regex: String(number),
    target_label: priorityKeyword,
    replacement: word,
  }));
  return { rules: [...wordRules, ...rules], targets, missing, spent };
}

/** Options of our source of the journal. */
export function journalOptions({
  folder,
  matches,
  labels,
  fields,
}: {
  readonly folder: string | undefined;
  readonly matches: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: ReadonlySet<string>;
}): Draft {
  const args = folder === undefined || folder === "" ? [] : [`--directory=${folder}`];
  const { job, ...others } = labels;
  return {
    ...(args.length === 0 ? {} : { arguments: args }),
    ...(matches.length === 0 ? {} : { matches }),
    ...(job === undefined || job === "" ? {} : { job }),
    ...(Object.keys(others).length === 0 ? {} : { labels: others }),
    ...(fields.size === 0 ? {} : { fields: [...fields].toSorted() }),
  };
}

/** Labels that a path of Kubernetes tells. */
export function containerLabel(label: string): string | undefined {
  const known: Readonly<Record<string, string>> = {
    __meta_kubernetes_namespace: "namespace",
    __meta_kubernetes_pod_name: "pod",
    __meta_kubernetes_pod_container_name: "container",
    __meta_kubernetes_pod_node_name: "host",
  };
  return known[label];
}

/** What is known of Docker's containers: their names, without the slash that the discovery has before them, and what Compose calls them. */
export function dockerLabel(label: string): string | undefined {
  const known: Readonly<Record<string, string>> = {
    [dockerNameLabel]: "container",
    __meta_docker_container_log_stream: "stream",
    __meta_docker_container_label_com_docker_compose_project: "compose_project",
    __meta_docker_container_label_com_docker_compose_service: "compose_service",
  };
  return known[label];
}

export function gelfLabel(label: string): string | undefined {
  const known: Readonly<Record<string, string>> = {
    __gelf_message_host: "host",
    __gelf_message_facility: "facility",
  };
  return known[label];
}
