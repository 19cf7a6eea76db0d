import { ByteSink } from "../../../parquet/byte_sink.ts";
import { dictionaryPages } from "../../../parquet/dictionary_pages.ts";
import type { FlatColumn } from "../../../parquet/flat_pages.ts";
import type { ColumnPages } from "../../../parquet/parquet_writer.ts";
import { presenceOf } from "../../../parquet/presence.ts";
import { textPages } from "../written_texts.ts";
import { throughFile } from "../texts_in_columns.fixture.ts";

const partRows = 2_048;
/** By digits of the last number. */
const lastBytes = [0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5];
const digitsOf = (text: string) => text.replaceAll(/[^0-9]/g, "");
const shapeOf = (text: string) => text.replaceAll(/[0-9]{1,9}/g, (run) => `${run.length}`);

/** Digits by twelve, as docs/formats/packed_digits.md describes them. */
export function packed(digits: string): Buffer {
  const numbers = digits.match(/.{1,12}/g) ?? [];
  const last = numbers.at(-1)?.length ?? 0;
  const hex = numbers.map((number, i) => {
    const bytes = i === numbers.length - 1 ? (lastBytes[last] ?? 0) : 5;
    return Number(number)
      .toString(16)
      .padStart(2 * bytes, "0");
  });
  return Buffer.concat([Buffer.of(last), Buffer.from(hex.join(""), "hex")]);
}

/** The values of `d0` by row: digits of each row's text (version 1), or of a part in its first row, packed or as text (version 2). */
function digitValues(texts: readonly (string | null)[], form: PackedForm): (Buffer | null)[] {
  const values: (Buffer | null)[] = texts.map(() => null);
  if (form === "version 1")
    return texts.map((text) => (text === null ? null : Buffer.from(digitsOf(text))));
  for (let from = 0; from < texts.length; from += partRows) {
    const part = texts.slice(from, from + partRows);
    const digits = part.map((text) => digitsOf(text ?? "")).join("");
    if (digits === "") continue;
    const isPacked = form === "version 2, packed";
    values[from] = isPacked ? packed(digits) : Buffer.from(`\0${digits}`);
  }
  return values;
}

export const packedForms = ["version 1", "version 2, packed", "version 2, as text"] as const;
type PackedForm = (typeof packedForms)[number];

/** The columns `v0` and `d0` of files of versions 1 and 2, as their writer made them of texts; null: a row without one. */
export function packedColumn(
  texts: readonly (string | null)[],
  form: PackedForm,
): (name: string) => FlatColumn {
  const shapes = [...new Set(texts.flatMap((text) => (text === null ? [] : [shapeOf(text)])))];
  const numbers = texts.flatMap((text) => (text === null ? [] : [shapes.indexOf(shapeOf(text))]));
  const isThere = Uint8Array.from(texts, (text) => Number(text !== null));
  const entries = shapes.map((shape) => Buffer.from(shape));
  const variables = {
    ...dictionaryPages(Uint32Array.from(numbers), entries),
    presence: presenceOf(isThere),
  };
  const values = digitValues(texts, form);
  const schema = [
    { name: "v0", type: "text", isOptional: true },
    { name: "d0", type: form === "version 1" ? "text" : "blob", isOptional: true },
  ] as const;
  return throughFile(schema, [variables, pagesOf(values)], texts.length);
}

function pagesOf(values: readonly (Buffer | null)[]): ColumnPages {
  const some = values.filter((value) => value !== null);
  const bytes = new Uint8Array(Buffer.concat(some));
  const lengths = Uint32Array.from(some, ({ length }) => length);
  const presence = presenceOf(Uint8Array.from(values, (value) => Number(value !== null)));
  return textPages({ bytes, lengths }, presence, new ByteSink());
}
