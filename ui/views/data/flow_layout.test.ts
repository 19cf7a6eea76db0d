import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { sumLanes } from "../../client/account.ts";
import { flowLayout } from "./flow_layout.ts";

const count = fc.integer({ min: 0, max: 1e9 });

test("the parts of the left block add up to it, and words never overlap", () => {
  fc.assert(
    fc.property(
      count,
      count,
      fc.dictionary(fc.string({ minLength: 1 }), count, { maxKeys: 9 }),
      (stored, inFlight, dropped) => {
        const lost = Object.values(dropped).reduce((sum, each) => sum + each, 0);
        const collected = stored + inFlight + lost;
        const lane = {
          agent: "a",
          signal: "metrics",
          collected,
          stored,
          inFlight,
          dropped,
          behindMs: 0,
          backlogItems: 0,
          backlogAgeMs: 0,
        };
        const account = sumLanes([lane]);
        expect(account.unexplained).toBe(0);
        const { ends, leftHeight, height } = flowLayout(account);
        const left = ends.reduce((sum, end) => sum + end.left.height, 0);
        if (collected > 0) expect(left).toBeCloseTo(leftHeight, 6);
        expect(ends.reduce((sum, end) => sum + end.count, 0)).toBe(collected);
        for (const [i, end] of ends.entries()) {
          const before = ends[i - 1];
          if (before !== undefined) expect(end.textY - before.textY).toBeGreaterThanOrEqual(24);
          expect(end.right.y + end.right.height).toBeLessThanOrEqual(height + 1e-6);
        }
      },
    ),
  );
});

test("unexplained items have an end of their own", () => {
  const lane = {
    agent: "a",
    signal: "logs",
    collected: 10,
    stored: 7,
    inFlight: 1,
    dropped: {},
    behindMs: 0,
    backlogItems: 0,
    backlogAgeMs: 0,
  };
  const { ends } = flowLayout(sumLanes([lane]));
  expect(ends.find(({ kind }) => kind === "unexplained")?.count).toBe(2);
});
