import { expect, test } from "bun:test";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

// One that is waited for stops the process for 160 to 210 ms where 340 MB are in use; one that is begun, for 3 ms.
test("the product begins garbage collections, and waits for none", async () => {
  const found: string[] = [];
  let begun = 0;
  for (const folder of ["agent", "aggregator", "shared", "proto"])
    for await (const file of new Bun.Glob("**/*.ts").scan(join(root, folder))) {
      if (file.endsWith(".test.ts")) continue;
      const text = await Bun.file(join(root, folder, file)).text();
      begun += text.split("Bun.gc(false)").length - 1;
      if (text.includes("Bun.gc(true)")) found.push(join(folder, file));
    }
  expect(begun).toBeGreaterThan(3);
  expect(found).toEqual([]);
});
