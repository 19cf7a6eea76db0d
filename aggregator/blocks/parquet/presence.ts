import { ByteSink } from "./byte_sink.ts";
import { writeFlags } from "./encode.ts";

/** Which rows of a row group have a value, as it is written: levels of definition, all 0 or 1. */
export type Presence = {
  readonly rows: number;
  readonly nulls: number;
  readonly levels: Uint8Array;
};

/** `flags`: an entry a row. */
export function presenceOf(flags: Uint8Array): Presence {
  // By index: iterators of typed arrays cost twenty times as much.
  let nulls = flags.length;
  for (let i = 0; i < flags.length; i++) nulls -= flags[i] ?? 0;
  const levels = new ByteSink(64);
  writeFlags(levels, flags);
  return { rows: flags.length, nulls, levels: levels.written() };
}

/** No row has one. */
export function noPresence(rows: number): Presence {
  return rows === 0 ? presenceOf(new Uint8Array()) : { ...runOf(rows, 0), nulls: rows };
}

/** All rows have one. */
export function fullPresence(rows: number): Presence {
  return rows === 0 ? presenceOf(new Uint8Array()) : { ...runOf(rows, 1), nulls: 0 };
}

/** Runs of fewer than eight are packed. */
function runOf(rows: number, flag: number): Omit<Presence, "nulls"> {
  const levels = new ByteSink(8);
  if (rows < 8) writeFlags(levels, new Uint8Array(rows).fill(flag));
  else {
    levels.varint(2 * rows);
    levels.ensure(1);
    levels.bytes[levels.length++] = flag;
  }
  return { rows, levels: levels.written() };
}
