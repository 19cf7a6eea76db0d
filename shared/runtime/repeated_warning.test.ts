import { expect, test } from "bun:test";
import { createLogger } from "./log.ts";
import { RepeatedWarning } from "./repeated_warning.ts";

test("RepeatedWarning logs one line a minute, with how many there were", () => {
  const lines: unknown[] = [];
  const clock = { nowMs: 5, monotonic: () => clock.nowMs };
  const log = createLogger("info", (line) => void lines.push(JSON.parse(line)));
  const warning = new RepeatedWarning(log, clock, "frames set aside");
  for (let i = 0; i < 1_000; i++) warning.warn(() => ({ fault: `f${i}` }));
  expect(lines).toMatchObject([{ msg: "frames set aside", fault: "f0", occurrences: 1 }]);
  clock.nowMs += 60_000;
  warning.warn(() => ({ fault: "last" }));
  expect(lines.slice(1)).toMatchObject([{ fault: "last", occurrences: 1_000 }]);
});
