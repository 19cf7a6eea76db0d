import type { RunnableSource } from "../collect/collector.ts";
import { coversOf, takingPrefix } from "../collect/hand_over.ts";
import type { BoundFiles } from "../collect/sources/binder.ts";

/** Judged paths that are remembered; beyond it all are judged anew. */
const pathsMax = 4_096;

/**
 * Divides files among the sources, so that each is read once: what a person wrote as the paths of a source stays with that, what an integration
 * names goes to it (to the first, where several do), and a source with the usual paths has the rest.
 */
export function divideFiles(sources: readonly RunnableSource[]): RunnableSource[] {
  const readers = sources.filter(({ files }) => files !== undefined);
  const takers = readers.filter(({ name }) => name.startsWith(takingPrefix));
  const written = readers.filter(
    ({ name, files }) => !name.startsWith(takingPrefix) && files?.isWritten === true,
  );
  return sources.map((source) => {
    const { files } = source;
    if (files === undefined || written.includes(source)) return source;
    const place = takers.indexOf(source);
    const first = place < 0 ? takers : [...written, ...takers.slice(0, place)];
    const before = first.flatMap(({ name, files: theirs }) =>
      theirs !== undefined && mayMeet(theirs, files) ? [{ name, files: theirs }] : [],
    );
    if (before.length === 0) return source;
    const covers = before.map((other) => coversOf(other.files));
    return {
      ...source,
      fingerprint: JSON.stringify([source.fingerprint, before]),
      heldBy: takers.filter((taker) => taker !== source).map(({ name }) => name),
      isTaken: remembering((path) => covers.some((isTheirs) => isTheirs(path))),
    };
  });
}

/** Files are looked for every second, and the answer is the same each time. */
function remembering(judge: (path: string) => boolean): (path: string) => boolean {
  const known = new Map<string, boolean>();
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    if (known.size >= pathsMax) known.clear();
    const verdict = judge(path);
    known.set(path, verdict);
    return verdict;
  };
}

/** Whether two sets of globs may lead to the same file: false only where their fixed beginnings part. */
function mayMeet(a: BoundFiles, b: BoundFiles): boolean {
  const others = beginnings(b);
  return beginnings(a).some((one) =>
    others.some((other) => one.startsWith(other) || other.startsWith(one)),
  );
}

/** Of each glob what stands before its first wildcard. */
function beginnings({ paths }: BoundFiles): string[] {
  return paths.map((path) => path.replace(/[*?[\]{}!].*$/s, ""));
}
