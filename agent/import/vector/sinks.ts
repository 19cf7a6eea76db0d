import type { Section } from "../section.ts";
import type { VectorPipeline } from "./vector_pipeline.ts";
import { placeOf } from "./vrl_conditions.ts";

/** Of sinks, what Loki's make of labels is carried over. */
export function sinkLabels(sink: Section, pipeline: VectorPipeline): void {
  if (sink.text("type") !== "loki") {
    sink.account.takeBack(sink.node, "where the agent sends is said by nats.servers");
    return;
  }
  const fixed: { [name: string]: string } = {};
  const promoted: { [name: string]: string } = {};
  for (const [name, value = "", node] of sink.pairs("labels")) {
    const [, field] = /^\{\{\s*\.?"?([^}"]+?)"?\s*\}\}$/.exec(value) ?? [];
    if (field !== undefined) promoted[name.replaceAll(/[^a-zA-Z0-9_]/g, "_")] = placeOf(field);
    else if (value.includes("{{") || name.includes("*"))
      sink.account.takeBack(node, "a label is a text or a field");
    else fixed[name] = value;
  }
  for (const [, value = "", node] of sink.pairs("structured_metadata"))
    if (!/^\{\{\s*\.?[\w."]+\s*\}\}$/.test(value))
      sink.account.takeBack(node, "only fields stand beside the line");
    else sink.account.takeBack(node, "all fields stand beside the line");
  sink.lose(
    ["encoding", "remove_label_fields", "remove_timestamp"],
    "the line stays as it was read, and fields stand beside it",
  );
  sink.lose(["tenant_id"], "a process has one tenant");
  const options = {
    ...(Object.keys(promoted).length === 0 ? {} : { promote: promoted }),
    ...(Object.keys(fixed).length === 0 ? {} : { static: fixed }),
  };
  const fault = Object.keys(options).length === 0 ? undefined : pipeline.add("labels", options);
  if (fault !== undefined) sink.account.takeBack(sink.peek("labels") ?? sink.node, fault);
}
