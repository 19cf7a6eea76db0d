import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ParsedLabels } from "./parsed_labels.ts";

test("ParsedLabels is a map, with few names and with many", () => {
  const name = fc.nat(40).map((number) => `n${number}`);
  const step = fc.tuple(
    fc.constantFrom("set", "set", "set", "set", "delete", "clear"),
    name,
    fc.nat(9),
  );
  const steps = fc.array(fc.oneof({ weight: 40, arbitrary: step }), { maxLength: 120 });
  fc.assert(
    fc.property(steps, (all) => {
      const [labels, map] = [new ParsedLabels(), new Map<string, string>()];
      for (const [op, key, value] of all) {
        if (op === "set") {
          labels.set(key, String(value));
          map.set(key, String(value));
        } else if (op === "delete") expect(labels.delete(key)).toBe(map.delete(key));
        else if (value === 0) {
          labels.clear();
          map.clear();
        }
        expect([labels.size, labels.get(key), labels.has(key)]).toEqual([
          map.size,
          map.get(key),
          map.has(key),
        ]);
      }
      expect([...labels]).toEqual([...map]);
    }),
  );
});
