import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OperatingError } from "#shared/errors.ts";
import { imported } from "#test/support/imported.ts";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";

const runs = 20;

test.each([
  ["alloy", "config.alloy"],
  ["fluent-bit", "fluent-bit.conf"],
  ["fluent-bit", "fluent-bit.yaml"],
  ["promtail", "promtail.yaml"],
  ["vector", "vector.toml"],
  ["vector", "vector.yaml"],
] as const)(
  "of a damaged file of %s (%s) an import makes a configuration of ours, or tells mistakes",
  (shipper, file) => {
    const whole = readFileSync(join(import.meta.dir, "fixtures", file));
    const random = randomOf(fuzzSeed());
    const environment = { SITE: "north" };
    for (let run = 0; run < runs; run++) {
      const text = Buffer.from(mutated(whole, random)).toString();
      try {
        const { carried, lost, remarks } = imported(shipper, text, { file, environment });
        expect(carried + lost).toBeGreaterThan(0);
        for (const { reason } of remarks) expect(reason).not.toBe("");
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(OperatingError);
        expect(String(thrown)).not.toContain("the result would be");
      }
    }
  },
  60_000,
);
