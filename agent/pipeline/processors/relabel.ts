import { z } from "zod";
import type { Labels } from "#shared/model/labels.ts";
import { relabel as applyRules } from "#shared/relabel/relabel.ts";
import { RelabelConfig } from "#shared/relabel/relabel_config.ts";
import { defineProcessor, withinSteps } from "./processor.ts";

const attributePrefix = "__attribute_";

/**
 * Prometheus's rules over the labels of each record's stream. An attribute can be read as `__attribute_<name>`; labels that begin
 * with `__` are gone afterwards. What a rule drops is dropped.
 */
export const relabel = defineProcessor({
  type: "relabel",
  config: z.lazy(() => z.strictObject({ relabel_configs: z.array(RelabelConfig).min(1) })),
  create: ({ relabel_configs: rules }) => {
    const readsAttributes = rules.some(
      ({ action, source_labels: names }) =>
        action === "labelmap" || names.some((name) => name.startsWith(attributePrefix)),
    );
    const made = new WeakMap<Labels, Labels | "dropped">();
    const result = (labels: Labels, attributes: Labels): Labels | "dropped" => {
      const own = new Map(Object.entries(labels));
      for (const name in attributes) own.set(attributePrefix + name, attributes[name] ?? "");
      if (!applyRules(own, rules)) return "dropped";
      return Object.fromEntries(Array.from(own).filter(([name]) => !name.startsWith("__")));
    };
    /** Streams are few and live long, so each is worked out once. */
    const ofStream = (labels: Labels): Labels | "dropped" => {
      const known = made.get(labels) ?? result(labels, {});
      made.set(labels, known);
      return known;
    };
    return (records, rows, count) => {
      for (const row of rows) {
        const labels = records.stream(row);
        const attributes = readsAttributes ? records.attributes(row) : undefined;
        const next = withinSteps(count, () =>
          attributes === undefined ? ofStream(labels) : result(labels, attributes),
        );
        if (next === undefined) {
          count.failed++;
          continue;
        }
        if (next === "dropped") records.drop(row, "relabel");
        else {
          records.setStream(row, next);
          count.changed++;
        }
      }
    };
  },
});
