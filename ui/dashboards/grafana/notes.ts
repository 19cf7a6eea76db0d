import { saysNothing, type Source } from "./read.ts";

/** Something of the source that is not carried over as it was: where, and why. */
export type ImportedNote = { readonly path: string; readonly why: string };

export type Note = (path: string, why: string) => void;

/** Beyond this a report is no longer read: one line says how many more there are. */
const notesMax = 2_000;
const textMax = 300;

/** Collects notes, each once. */
export function noteList(): { readonly note: Note; readonly notes: () => readonly ImportedNote[] } {
  const kept = new Map<string, ImportedNote>();
  let more = 0;
  return {
    note: (path, why) => {
      const key = `${path}\n${why}`;
      if (kept.has(key)) return;
      if (kept.size >= notesMax) more += 1;
      else kept.set(key, { path: path.slice(0, textMax), why: why.slice(0, textMax) });
    },
    notes: () => [
      ...kept.values(),
      ...(more === 0 ? [] : [{ path: "…", why: `${more} more notes are left out` }]),
    ],
  };
}

/** Notes of a part, under its path. */
export function under(note: Note, path: string): Note {
  return (inner, why) => note(inner === "" ? path : `${path}: ${inner}`, why);
}

/**
 * Notes every member of an object that says something and was not looked at. `known` are those that are carried over,
 * `meaningless` those that only Grafana itself needs.
 */
export function noteRest(
  source: Source,
  known: readonly string[],
  meaningless: readonly string[],
  note: Note,
  path = "",
): void {
  const seen = new Set([...known, ...meaningless]);
  for (const [key, value] of Object.entries(source)) {
    if (seen.has(key) || saysNothing(value)) continue;
    note(path === "" ? key : `${path}.${key}`, "is not known here, and not carried over");
  }
}

/** Notes members of which nothing is made, unless they say nothing or one of the values that Grafana has by default. */
export function noteUnless(
  source: Source,
  defaults: Readonly<Record<string, readonly unknown[]>>,
  note: Note,
  why = "is not kept",
): void {
  for (const [key, values] of Object.entries(defaults)) {
    const value = source[key];
    if (saysNothing(value) && !(value === false && values.includes(true))) continue;
    const text = JSON.stringify(value);
    if (!values.some((each) => JSON.stringify(each) === text))
      note(key, `${text.slice(0, 80)} ${why}`);
  }
}

/** Names of values that only Grafana has, in a text with variables. */
export function noteForeign(text: string, note: Note, path: string): void {
  for (const name of ["__user", "__org"])
    if (new RegExp(`\\$\\{?${name}\\b|\\[\\[${name}\\b`).test(text))
      note(path, `names $${name}, which has no value here`);
}
