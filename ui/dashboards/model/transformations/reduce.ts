import type { Field, Frame } from "../../../frames/frame.ts";
import { reduceValue } from "../../../frames/reduce.ts";
import {
  column,
  fieldName,
  frameOf,
  reducerColumn,
  textsOf,
  withValues,
  type Options,
  type Transformer,
} from "./parts.ts";

/** One value a column: as rows of one table, or as rows of one in each frame. */
export const reduce: Transformer = (frames, options) => {
  const reducers = textsOf(options["reducers"]);
  const ids = reducers.length === 0 ? ["max"] : reducers;
  return options["mode"] === "reduceFields"
    ? frames
        .map((frame) => reducedFields(frame, ids, options))
        .filter(({ fields }) => fields.length > 0)
    : [seriesToRows(frames, ids, options)];
};

function seriesToRows(frames: readonly Frame[], ids: readonly string[], options: Options): Frame {
  const fields = frames
    .flatMap((frame) => frame.fields)
    .filter(({ type }) => type !== "time" || options["includeTimeField"] === true);
  const labels = options["labelsToFields"] === true ? labelNames(fields) : [];
  const names =
    options["labelsToFields"] === true
      ? fields.map(({ name, labels: own }) => (Object.keys(own).length > 0 ? "Value" : name))
      : fields.map(fieldName);
  return frameOf(
    [
      column("Field", "string", names),
      ...labels.map((label) =>
        column(
          label,
          "string",
          fields.map((field) => field.labels[label] ?? ""),
        ),
      ),
      ...ids.map((id) => reducedColumn(fields, id)),
    ],
    frames,
  );
}

/** Options such as the unit stay where all fields agree on them. */
function reducedColumn(fields: readonly Field[], id: string): Field {
  const values = fields.map((field) => reduceValue(field.values, id));
  const isNumber = values.every(
    (value) => value === undefined || value === null || typeof value === "number",
  );
  const made = column(reducerColumn(id), isNumber ? "number" : "other", values);
  const [first] = fields;
  const agree =
    first !== undefined && fields.every(({ options }) => options.unit === first.options.unit);
  return agree && first.options.unit !== undefined
    ? { ...made, options: { unit: first.options.unit } }
    : made;
}

function labelNames(fields: readonly Field[]): readonly string[] {
  return [...new Set(fields.flatMap(({ labels }) => Object.keys(labels)))].filter(
    (name) => name !== "__name__",
  );
}

function reducedFields(frame: Frame, ids: readonly string[], options: Options): Frame {
  const fields = frame.fields
    .filter(({ type }) => type !== "time" || options["includeTimeField"] === true)
    .flatMap((field) =>
      ids.map((id) => {
        const value = reduceValue(field.values, id);
        const type =
          typeof value === "boolean"
            ? "boolean"
            : typeof value === "number" && field.type !== "time"
              ? "number"
              : field.type;
        const made = withValues(field, [value], type);
        return ids.length === 1
          ? made
          : { ...made, name: `${fieldName(field)} ${reducerColumn(id)}` };
      }),
    );
  return { ...frame, fields, length: 1 };
}
