import { FileLogsConfig } from "#agent/collect/sources/file_logs/config.ts";
import type { Account } from "./account.ts";
import type { Draft, Plan } from "./plan.ts";
import type { Section } from "./section.ts";
import { type Plain, type SourceNode, leavesOf } from "./source_tree.ts";
import type { StagePipeline } from "./stages/stage_pipeline.ts";

const pathLabel = "__path__";
const excludeLabel = "__path_exclude__";

/** Parts of long lines of containers need so much. */
const containerLineMin = 128 * 1_024;

/** A source of files out of a target's labels, of which those that begin with "__" say which files. */
export function addFileSource(given: {
  readonly plan: Plan;
  readonly labels: Readonly<Record<string, string>>;
  readonly pipeline: StagePipeline;
  /** Options of the source besides. */
  readonly files: Readonly<Draft>;
  readonly encoding: { readonly section: Section; readonly name: string } | undefined;
  readonly node: SourceNode;
  readonly account: Account;
  readonly comment: string;
}): void {
  const { plan, labels, pipeline, files, encoding, node, account, comment } = given;
  const { job, ...others } = Object.fromEntries(
    Object.entries(labels).filter(([label]) => !label.startsWith("__")),
  );
  const exclude = labels[excludeLabel];
  const { container } = pipeline;
  const source: Draft = {
    type: container === undefined ? "file_logs" : "container_logs",
    paths: [labels[pathLabel] ?? ""],
    ...(exclude === undefined ? {} : { exclude: [exclude] }),
    ...(container === undefined ? {} : { format: container }),
    ...(job === undefined || job === "" ? {} : { job }),
    ...(Object.keys(others).length === 0 ? {} : { labels: others }),
    ...(container === undefined ? files : containerOptions(files)),
  };
  if (container !== undefined)
    encoding?.section.account.takeBack(
      encoding.section.peek("encoding") ?? node,
      "runtimes write UTF-8",
    );
  else if (encoding !== undefined) source.encoding = encoding.name;
  if (pipeline.multiline !== undefined) source.multiline = pipeline.multiline;
  const fault = faultOf(source);
  if (fault !== undefined) {
    account.takeBack(node, fault);
    return;
  }
  addSource(plan, source, pipeline.finish(), comment);
}

/** What our own check says against paths and encoding. */
function faultOf({ paths, encoding }: Draft): string | undefined {
  const checked = FileLogsConfig.unwrap()
    .pick({ paths: true, encoding: true })
    .safeParse({
      paths,
      ...(encoding === undefined ? {} : { encoding }),
    });
  return checked.success
    ? undefined
    : checked.error.issues
        .map(({ path, message }) => `${String(path[0] ?? "")}: ${message}`)
        .join("; ");
}

export const allContainers =
  "files of all containers on the host are read; Docker is asked for names alone, Kubernetes for nothing";

/** Keys of a discovery that choose among containers. */
const choosing = new Set(["filter", "filters", "namespaces", "selectors"]);

/** What a discovery of containers says. One that chooses some of them has a say in what is stored. */
export function loseDiscovery(section: Section): void {
  for (const { key, node } of section.node.entries)
    if (choosing.has(key) && !isOfOwnNode(node)) {
      section.account.means(node, "drops");
      section.account.lose(node, "files of all containers on the host are read", "error");
    }
  section.loseAll(allContainers);
}

/** `spec.nodeName=...`, which chooses the pods of this host. */
function isOfOwnNode(node: SourceNode): boolean {
  const texts = leavesOf(node).flatMap((leaf) =>
    leaf.kind === "scalar" && typeof leaf.value === "string" ? [leaf.value] : [],
  );
  const others = texts.filter((text) => text !== "pod" && text !== "node");
  return others.length > 0 && others.every((text) => text.startsWith("spec.nodeName="));
}

/** The files of all containers of the host. */
export function addContainerSource(given: {
  readonly plan: Plan;
  readonly runtime: "docker" | "cri";
  readonly files: Readonly<Draft>;
  readonly comment: string;
  readonly pipeline: StagePipeline;
}): void {
  const { plan, runtime, files, comment, pipeline } = given;
  const source: Draft = {
    type: "container_logs",
    paths: [
      runtime === "docker" ? "/var/lib/docker/containers/*/*-json.log" : "/var/log/pods/*/*/*.log",
    ],
    start_at: "beginning",
    ...containerOptions(files),
    ...(pipeline.multiline === undefined ? {} : { multiline: pipeline.multiline }),
  };
  addSource(plan, source, pipeline.finish(), comment);
}

function addSource(plan: Plan, source: Draft, processors: readonly Plain[], comment: string): void {
  if (processors.length > 0) source.processors = processors;
  plan.sources.push(plan.commented(source, comment));
}

function containerOptions(files: Readonly<Draft>): Draft {
  const { line_size_max: size, ...others } = files;
  if (typeof size !== "number") return others;
  return { ...others, line_size_max: Math.max(size, containerLineMin) };
}

/** "256kb" in bytes, within what a line may have; units are powers of 1,024. */
export function sizeText(text: string): number {
  const [, number = "0", unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmg]?)i?b?$/i.exec(text.trim()) ?? [];
  const bytes = Number(number) * 1_024 ** ["", "k", "m", "g"].indexOf(unit.toLowerCase());
  return Math.max(64, Math.min(512 * 1_024, Math.round(bytes)));
}

/** Promtail's `tls_config` of a server. */
export function tlsOf(section: Section | undefined): Draft | undefined {
  if (section === undefined) return undefined;
  const tls: Draft = {
    cert_file: section.text("cert_file"),
    key_file: section.text("key_file"),
    client_ca_file: section.text("ca_file"),
  };
  section.loseRest("a server's certificate is said by cert_file, key_file and ca_file", "error");
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}

/** ":514" listens everywhere. */
export function withHost(listen: string): string {
  return listen.startsWith(":") ? `0.0.0.0${listen}` : listen;
}
