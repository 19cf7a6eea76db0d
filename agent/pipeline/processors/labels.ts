import { z } from "zod";
import type { Labels } from "#shared/model/labels.ts";
import { without } from "./formats/fields.ts";
import { defineProcessor } from "./processor.ts";

const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label name");
/** A list of names, or a map of new names to those that are there. */
const Names = z.lazy(() =>
  z
    .union([z.array(labelName), z.record(labelName, z.string().min(1))])
    .default([])
    .transform((names): readonly (readonly [string, string])[] =>
      Array.isArray(names) ? names.map((name) => [name, name] as const) : Object.entries(names),
    ),
);

/** A value that makes a stream of its own must not be a whole text. */
const valueBytesMax = 2_048;

/**
 * Labels of streams and attributes of records, from one to the other. Promote what has few values (level, service), never what
 * has many (ids, addresses): each set of labels is a stream of its own.
 */
export const labels = defineProcessor({
  type: "labels",
  config: z.lazy(() =>
    z.strictObject({
      /** Attributes that become labels. */
      promote: Names,
      /** Labels that become attributes. */
      demote: Names,
      /** New names of labels, to those they have: {service: app}. */
      rename: z.record(labelName, labelName).default({}),
      /** Labels with fixed values; they win. An empty value takes the label away. */
      static: z.record(labelName, z.string()).default({}),
      /** Only these labels stay, of those that are there after all the rest. */
      keep: z.array(labelName).optional(),
      /** Attributes that are taken away. */
      remove_attributes: z.array(z.string().min(1)).default([]),
      /** New names of attributes, to those they have. */
      rename_attributes: z.record(labelName, z.string().min(1)).default({}),
    }),
  ),
  create: (config) => {
    const { promote, demote } = config;
    const renamed = Object.entries(config.rename);
    const attributesRenamed = Object.entries(config.rename_attributes);
    const fixed = Object.entries(config.static);
    const gone = new Set([
      ...config.remove_attributes,
      ...attributesRenamed.map(([, from]) => from),
    ]);
    const kept = config.keep === undefined ? undefined : new Set(config.keep);
    const onlyKept = (own: Labels): Labels =>
      Object.keys(own).every((name) => kept?.has(name))
        ? own
        : Object.fromEntries(Object.entries(own).filter(([name]) => kept?.has(name)));
    const touchesAttributes = gone.size > 0 || demote.length > 0 || promote.length > 0;
    /** Labels that depend on the stream alone, made once a stream. */
    const made = new WeakMap<Labels, Labels>();
    const streamOf = (old: Labels): Labels => {
      let own = made.get(old);
      if (own !== undefined) return own;
      const moved = new Set([...demote, ...renamed].map(([, from]) => from));
      const next: Record<string, string> = { ...without(old, moved) };
      for (const [to, from] of renamed) if (old[from] !== undefined) next[to] = old[from];
      for (const [name, value] of fixed) next[name] = value;
      own = without(next, new Set(Object.keys(next).filter((name) => next[name] === "")));
      made.set(old, own);
      return own;
    };
    return (records, rows, count) => {
      for (const row of rows) {
        const old = records.stream(row);
        const attributes = records.attributes(row) ?? {};
        let next = streamOf(old);
        const promoted: Record<string, string> = {};
        const left = new Set(gone);
        for (const [to, from] of promote) {
          const value = attributes[from];
          if (value === undefined || value === "") continue;
          if (value.length > valueBytesMax) count.failed++;
          else {
            promoted[to] = value;
            left.add(from);
          }
        }
        if (Object.keys(promoted).length > 0) next = { ...next, ...promoted };
        if (kept !== undefined) next = onlyKept(next);
        if (next !== old) records.setStream(row, next);
        if (touchesAttributes) {
          const rest: Record<string, string> = { ...without(attributes, left) };
          for (const [to, from] of attributesRenamed)
            if (attributes[from] !== undefined) rest[to] = attributes[from];
          for (const [to, from] of demote) if (old[from] !== undefined) rest[to] = old[from];
          records.setAttributes(row, Object.keys(rest).length === 0 ? undefined : rest);
        }
        count.changed++;
      }
    };
  },
});
