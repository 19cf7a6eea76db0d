import type { Section } from "../section.ts";
import type { VectorPipeline } from "./vector_pipeline.ts";
import { placeOf } from "./vrl_conditions.ts";

/** Of sinks, what Loki's make of labels is carried over. */
export function sinkLabels(sink: Section, pipeline: VectorPipeline): void {
  if (sink.text("type") !== "loki") {
    const sent = "where the agent sends is said by nats.servers";
    const encoding = sink.section("encoding");
    if (encoding?.has("except_fields") !== true && encoding?.has("only_fields") !== true) {
      sink.account.takeBack(sink.node, sent, "note");
      return;
    }
    encodingOf(sink, pipeline);
    for (const { key, node } of sink.node.entries)
      if (key !== "encoding") sink.account.takeBack(node, sent, "note");
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
  encodingOf(sink, pipeline);
  sink.lose(
    ["remove_label_fields", "remove_timestamp"],
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

/** Fields that a sink does not send: `except_fields`, and all but `only_fields`. */
function encodingOf(sink: Section, pipeline: VectorPipeline): void {
  const encoding = sink.section("encoding");
  if (encoding === undefined) return;
  const gone = (encoding.texts("except_fields") ?? []).map((field) => placeOf(field));
  const names = gone.filter((name) => name !== "body");
  if (names.length > 0) pipeline.add("labels", { remove_attributes: names });
  encoding.lose(["only_fields"], "all fields stand beside the line", "redacts");
  encoding.loseRest("the line stays as it was read, and fields stand beside it");
}
