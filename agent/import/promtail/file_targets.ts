import { addFileSource } from "../log_inlets.ts";
import { relabelRules, relabelled } from "../relabel_rules.ts";
import type { Section } from "../section.ts";
import { convertStages } from "../stages/convert_stages.ts";
import { StagePipeline } from "../stages/stage_pipeline.ts";
import type { PromtailSettings } from "./settings.ts";
import { stageList } from "./stage_list.ts";

const pathLabel = "__path__";

/** `static_configs` with `__path__`: a source for each, with the labels that relabelling gives it. True if the job has some. */
export function fileTargets(
  job: Section,
  name: string,
  { plan, files }: PromtailSettings,
): boolean {
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
    const own = Object.keys(labels).filter((label) => !label.startsWith("__"));
    const pipeline = new StagePipeline({
      plan,
      labels: [...own, "filename"],
      reads: "files",
      metricPrefix: "promtail_custom_",
      nested: (section) => stageList(section, "stages"),
    });
    convertStages(stageList(job, "pipeline_stages"), pipeline);
    const encoding = job.text("encoding");
    addFileSource({
      plan,
      labels,
      pipeline,
      files: { start_at: "beginning", ...files },
      encoding: encoding === undefined ? undefined : { section: job, name: encoding },
      node,
      account: job.account,
      comment: `${job.node.at}: job ${name}, static_configs ${i + 1}`,
    });
  }
  return targets.length > 0;
}
