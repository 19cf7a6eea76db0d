import { FileLogsConfig } from "#agent/collect/sources/file_logs/config.ts";
import type { Draft } from "../plan.ts";
import { relabelRules, relabelled } from "../relabel_rules.ts";
import type { Section } from "../section.ts";
import { convertStages } from "../stages/convert_stages.ts";
import { StagePipeline } from "../stages/stage_pipeline.ts";
import type { PromtailSettings } from "./settings.ts";
import { stageList } from "./stage_list.ts";

const pathLabel = "__path__";
const excludeLabel = "__path_exclude__";

/** `static_configs` with `__path__`: a source for each, with the labels that relabelling gives it. True if the job has some. */
export function fileTargets(job: Section, name: string, settings: PromtailSettings): boolean {
  const targets = job.sections("static_configs");
  const rules = relabelRules(targets.length === 0 ? [] : job.sections("relabel_configs"));
  for (const [i, target] of targets.entries()) {
    const written = Object.fromEntries(
      target.pairs("labels").map(([label, value]) => [label, value ?? ""]),
    );
    target.lose(["targets"], "a file has no address");
    const labels = relabelled({ __address__: "localhost", ...written }, rules);
    const node = target.peek("labels") ?? target.node;
    if (labels === undefined) {
      job.account.differ(node, "relabel_configs drop this target: it is left out");
      continue;
    }
    const path = labels[pathLabel] ?? "";
    if (path === "") {
      if (written[pathLabel] === undefined && !job.has("journal") && !job.has("syslog"))
        job.account.takeBack(node, "no __path__: nothing to read");
      continue;
    }
    addFileSource(job, { name, labels, path, i, node }, settings);
  }
  return targets.length > 0;
}

type FileTarget = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly path: string;
  readonly i: number;
  readonly node: Section["node"]["entries"][number]["node"];
};

function addFileSource(
  job: Section,
  { name, labels, path, i, node }: FileTarget,
  { plan, files }: PromtailSettings,
): void {
  const own = Object.entries(labels).filter(([label]) => !label.startsWith("__"));
  const pipeline = new StagePipeline({
    plan,
    labels: [...own.map(([label]) => label), "filename"],
    readsFiles: true,
    nested: (section) => stageList(section, "stages"),
  });
  convertStages(stageList(job, "pipeline_stages"), pipeline);
  const { job: jobLabel, ...others } = Object.fromEntries(own);
  const exclude = labels[excludeLabel];
  const encoding = job.text("encoding");
  const source: Draft = {
    type: pipeline.container === undefined ? "file_logs" : "container_logs",
    paths: [path],
    ...(exclude === undefined ? {} : { exclude: [exclude] }),
    ...(pipeline.container === undefined ? {} : { format: pipeline.container }),
    ...(jobLabel === undefined || jobLabel === "" ? {} : { job: jobLabel }),
    ...(Object.keys(others).length === 0 ? {} : { labels: others }),
    start_at: "beginning",
    ...files,
  };
  if (pipeline.container === undefined) {
    if (encoding !== undefined) source.encoding = encoding;
    if (pipeline.multiline !== undefined) source.multiline = pipeline.multiline;
  } else {
    // The least that parts of long lines need.
    if (typeof source.line_size_max === "number")
      source.line_size_max = Math.max(source.line_size_max, 128 * 1_024);
    if (encoding !== undefined) job.lose(["encoding"], "runtimes write UTF-8");
  }
  const checked = FileLogsConfig.pick({ paths: true, encoding: true }).safeParse({
    paths: source.paths,
    ...(source.encoding === undefined ? {} : { encoding: source.encoding }),
  });
  if (!checked.success) {
    const said = checked.error.issues.map(
      (issue) => `${issue.path[0]?.toString() ?? ""}: ${issue.message}`,
    );
    job.account.takeBack(node, said.join("; "));
    return;
  }
  const processors = pipeline.finish();
  if (processors.length > 0) source.processors = processors;
  plan.sources.push(plan.commented(source, `${job.node.at}: job ${name}, static_configs ${i + 1}`));
}
