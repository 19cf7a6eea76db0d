import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dir, "../../..");
const named = /^ {2}(BUN_JSC|BUN_CONFIG|MIMALLOC)_(\w+):/gm;

/** As the program has it: JSC's and mimalloc's without their prefix, mimalloc's in small letters. */
function inProgram(prefix: string, name: string): string {
  switch (prefix) {
    case "BUN_JSC":
      return name;
    case "MIMALLOC":
      return name.toLowerCase();
    default:
      return `${prefix}_${name}`;
  }
}

test("the runtime has each option that our processes give it: one that it has not would be passed over", async () => {
  const runtime = await readFile(process.execPath);
  for (const file of ["agent/small_heap.ts", "aggregator/bounded_heap.ts"]) {
    const source = await readFile(join(root, file), "utf8");
    const options = [...source.matchAll(named)].map(([, prefix = "", name = ""]) =>
      inProgram(prefix, name),
    );
    expect(options.length).toBeGreaterThan(2);
    expect({ file, missing: options.filter((option) => !runtime.includes(option)) }).toEqual({
      file,
      missing: [],
    });
  }
  expect(runtime.includes("heapGrowthMaxDecrease")).toBe(false);
});
