import { Document, type Node, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { Plan } from "./plan.ts";
import type { Plain } from "./source_tree.ts";

const widthMax = 110;

/** The plan as the text of a lapwing.yaml, with its comments. The same plan gives the same text. */
export function writePlan(plan: Plan, head: string): string {
  const document = new Document();
  document.contents = nodeOf(plan.document(), plan.comments);
  document.commentBefore = commentText(head);
  return `${document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd()}\n`;
}

function nodeOf(value: Plain, comments: Plan["comments"]): Node {
  if (typeof value !== "object" || value === null) return scalarOf(value ?? null);
  const node = isList(value) ? listOf(value, comments) : mapOf(value, comments);
  const comment = comments.get(value);
  if (comment !== undefined) node.commentBefore = commentText(comment);
  return node;
}

function scalarOf(value: string | number | boolean | null): Scalar {
  const scalar = new Scalar(value);
  // Patterns are full of backslashes: they stand in single quotes, where they mean themselves.
  if (typeof value === "string" && /[\\"$]/.test(value) && !/\p{Cc}/u.test(value))
    scalar.type = Scalar.QUOTE_SINGLE;
  return scalar;
}

function listOf(values: readonly Plain[], comments: Plan["comments"]): YAMLSeq {
  const list = new YAMLSeq();
  for (const value of values) list.add(nodeOf(value, comments));
  // Short lists of words stand in one line.
  const isPlain = values.every((value) => typeof value !== "object" || value === null);
  list.flow = isPlain && JSON.stringify(values).length <= widthMax;
  return list;
}

function mapOf(values: { readonly [key: string]: Plain }, comments: Plan["comments"]): YAMLMap {
  const map = new YAMLMap();
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const keyNode = new Scalar(key);
    const node = nodeOf(value, comments);
    if (node.commentBefore !== undefined && node.commentBefore !== null) {
      // Above the key, not between it and its value.
      keyNode.commentBefore = node.commentBefore;
      node.commentBefore = null;
    }
    map.set(keyNode, node);
  }
  if (map.items.length === 0) map.flow = true;
  return map;
}

function commentText(text: string): string {
  return text
    .split("\n")
    .map((line) => ` ${line}`)
    .join("\n");
}

function isList(value: object): value is readonly Plain[] {
  return Array.isArray(value);
}
