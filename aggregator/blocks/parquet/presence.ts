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

/** Of every `every` rows, a multiple of eight, the first one may have one. */
export function sparsePresence(rows: number, every: number, isPresent: Uint8Array): Presence {
  const levels = new ByteSink(8 * isPresent.length);
  let nulls = rows;
  for (let part = 0; part < isPresent.length; part++) {
    const own = Math.min(every, rows - part * every);
    nulls -= isPresent[part] ?? 0;
    levels.varint(2 * 1 + 1);
    levels.ensure(1);
    levels.bytes[levels.length++] = isPresent[part] ?? 0;
    if (own <= 8) continue;
    levels.varint(2 * (own - 8));
    levels.ensure(1);
    levels.bytes[levels.length++] = 0;
  }
  return { rows, nulls, levels: levels.written() };
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
