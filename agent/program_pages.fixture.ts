/** A process of its own that divides its program: one that has run other tests may have as many mappings as the kernel allows. Prints what came of it. */
import { readFileSync, readlinkSync } from "node:fs";
import { ProgramPages, droppable, parseMappings } from "./program_pages.ts";

const pages = ProgramPages.open();
const before = pieceSizes();
pages?.divide();
const pieces = pieceSizes();
console.log(
  JSON.stringify({
    beforeBytes: sum(before),
    bytes: sum(pieces),
    pieces: pieces.length,
    largestBytes: Math.max(...pieces),
    droppedBytes: pages?.drop(),
    // Its code comes back where it is needed.
    echo: JSON.parse(JSON.stringify({ a: ["b".repeat(3)] })),
  }),
);

/** Bytes of each mapping of the program that nobody can write to. */
function pieceSizes(): number[] {
  const mappings = parseMappings(readFileSync("/proc/self/maps", "utf8"));
  const found = droppable(mappings, readlinkSync("/proc/self/exe"), undefined, 4_096);
  return found.map(({ start, end }) => end - start);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}
