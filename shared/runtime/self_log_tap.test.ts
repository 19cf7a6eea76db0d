import { expect, test } from "bun:test";
import { array, assert, integer, property, record, string } from "fast-check";
import { createLogger } from "./log.ts";
import { SelfLogTap, openLog } from "./self_log_tap.ts";

test("SelfLogTap keeps the lines of a logger without their line ends, once", () => {
  const tap = new SelfLogTap();
  createLogger("info", tap.write).info("spool opened", { segments: 3 });
  const { lines, dropped } = tap.take();
  expect(dropped).toBe(0);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "info", msg: "spool opened" });
  expect(tap.take()).toEqual({ lines: [], dropped: 0 });
});

test("SelfLogTap keeps the newest lines within its limits, and counts the rest", () => {
  const limits = record({
    linesMax: integer({ min: 1, max: 6 }),
    charactersMax: integer({ min: 1, max: 20 }),
  });
  assert(
    property(limits, array(string({ maxLength: 25 })), (max, written) => {
      const tap = new SelfLogTap(max);
      const given = written.map((line) => line.replaceAll("\n", ""));
      for (const line of given) tap.write(`${line}\n`);
      const { lines, dropped } = tap.take();
      expect(lines.length + dropped).toBe(given.length);
      expect(lines).toEqual(given.slice(dropped));
      expect(lines.length).toBeLessThanOrEqual(max.linesMax);
      expect(lines.join("").length).toBeLessThanOrEqual(max.charactersMax);
      // Nothing fell off that a limit did not push out: a run ending in the last dropped line never fitted.
      const isOver = given.some((_, end) => {
        const run = given.slice(Math.max(0, dropped - 1), end + 1);
        return run.length > max.linesMax || run.join("").length > max.charactersMax;
      });
      if (dropped > 0) expect(isOver).toBe(true);
    }),
  );
});

test("SelfLogTap.filled() resolves with the first line, and on abort", async () => {
  const tap = new SelfLogTap();
  const abort = new AbortController();
  const first = tap.filled(abort.signal);
  tap.write("a");
  await first;
  await tap.filled(abort.signal);
  tap.take();
  const second = tap.filled(abort.signal);
  abort.abort();
  await second;
  await tap.filled(abort.signal);
  expect(tap.take().lines).toEqual([]);
});

test("openLog() writes each line out and into the tap, also from a child", () => {
  const written: string[] = [];
  const log = openLog("info", (line) => void written.push(line));
  log.child({ room: "spool" }).warn("slow");
  log.debug("unheard");
  expect(written).toHaveLength(1);
  expect(log.tap.take().lines).toEqual(written.map((line) => line.trimEnd()));
});
