import type { Plan } from "../plan.ts";
import { type TranslatedRules, relabelRules, translatedRules } from "../relabel_rules.ts";
import type { Section } from "../section.ts";
import { convertStages } from "../stages/convert_stages.ts";
import { type Stage, StagePipeline } from "../stages/stage_pipeline.ts";
import { type Component, type Components, isEnd, passesUnknown } from "./components.ts";

const stepsMax = 100;
const oneWay = "records are stored once, so only one way is taken";

/**
 * What entries go through from a source to `loki.write`: the components in their order. Records are stored
 * once, so only the first of several ways is taken. A component that the import does not know is an error;
 * what comes behind it is followed all the same.
 */
export function logWay(source: Component, components: Components): Component[] {
  const way: Component[] = [];
  const seen = new Set<string>([source.id]);
  let { section } = source;
  for (let step = 0; step < stepsMax; step++) {
    const named = components.namedBy(section, "forward_to");
    const [first, ...others] = named.toSorted((a, b) => rank(a.component) - rank(b.component));
    for (const { component, node } of others)
      if (rank(component) === 0 || rank(first?.component) === 0)
        section.account.takeBack(node, oneWay, "keeps");
    if (first === undefined) return way;
    components.reach(first.component);
    if (rank(first.component) > 0) {
      way.push(first.component);
      if (!isEnd(first.component)) passesUnknown(first.component, "records");
      return way;
    }
    if (seen.has(first.component.id)) {
      section.mistakes.add(first.node, "expected no circle of components");
      return way;
    }
    seen.add(first.component.id);
    way.push(first.component);
    ({ section } = first.component);
  }
  return way;
}

/** Those that entries pass come before those where entries end. */
function rank(component: Component | undefined): number {
  return component?.section.has("forward_to") === true ? 0 : 1;
}

/** `stage.x` blocks in their order. */
function stagesOf(section: Section): Stage[] {
  return section.node.entries.flatMap(({ key, node }): Stage[] =>
    key.startsWith("stage.") && node.kind === "map"
      ? [{ name: key.slice("stage.".length), section: section.within(node) }]
      : [],
  );
}

/** A pipeline with everything on the way in it. `rules` come first: those of a discovery or a source, with their labels' names. */
export function pipelineOf(
  way: readonly Component[],
  plan: Plan,
  given: {
    readonly labels: readonly string[];
    readonly reads: "files" | "containers" | "nothing";
    readonly rules?: TranslatedRules;
  },
): StagePipeline {
  const { labels, reads, rules } = given;
  const pipeline = new StagePipeline({
    plan,
    labels: [...labels, ...(rules?.targets ?? [])],
    ...(rules === undefined ? {} : { missing: rules.missing }),
    reads,
    metricPrefix: "loki_process_custom_",
    nested: stagesOf,
  });
  pipeline.relabelFirst(rules?.rules ?? []);
  pipeline.remove(rules?.spent ?? []);
  for (const component of way) {
    const { name, section } = component;
    if (name === "loki.process") convertStages(stagesOf(section), pipeline);
    else if (name === "loki.relabel") {
      section.lose(["max_cache_size"], "the agent applies the rules once a stream");
      const own = translatedRules(
        relabelRules(section.sections("rule")),
        () => undefined,
        () => false,
        pipeline.missing,
      );
      if (own.rules.length > 0) pipeline.add("relabel", { relabel_configs: own.rules });
      for (const target of own.targets) pipeline.labels.add(target);
    } else if (name === "loki.secretfilter") secretFilter(section, pipeline);
    else if (section.has("forward_to")) passesUnknown(component, "records");
  }
  return pipeline;
}

/** Kinds of `redact` that are secrets, as Gitleaks's rules look for them. */
const secretKinds = ["bearer", "jwt", "cloud_key", "private_key"];

/** `redact` finds fewer kinds of secrets than Gitleaks's rules, so it stands in for them only when that is accepted. */
function secretFilter(section: Section, pipeline: StagePipeline): void {
  section.means("redacts");
  pipeline.add("redact", { kinds: secretKinds, in: ["body"] });
  section.loseRestBut(
    ["forward_to"],
    "redact has its own patterns and its own text for a secret",
    "error",
  );
  section.account.differ(
    section.node,
    `redact stands in for it and knows ${secretKinds.join(", ")} only: add patterns for other secrets`,
  );
}

/** `relabel_rules = loki.relabel.x.rules` of a source. */
export function ruleSections(section: Section, components: Components): Section[] {
  return components.namedBy(section, "relabel_rules").flatMap(({ component }) => {
    component.section.lose(["forward_to", "max_cache_size"], "a source takes its rules alone");
    return component.section.sections("rule");
  });
}
