import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { TailHost } from "#test/support/tail_host.ts";
import { FileLogsConfig } from "./config.ts";
import { printedTraces } from "./stack_traces.fixture.ts";

const quick = { start_at: "beginning", multiline: { flush_timeout: "50ms" } };
const text = (records: readonly string[]) => records.map((record) => `${record}\n`).join("");

for (const [runtime, traces] of Object.entries(printedTraces)) {
  const records = ["10:00 INFO before", ...traces, "10:01 INFO after", "10:02 INFO and on"];
  test(`stack traces of ${runtime} are one record each, and what stands around them is not`, async () => {
    await using host = new TailHost();
    writeFileSync(host.path("app.log"), text(records));
    host.start(quick);
    await host.untilLines(records.length);
    expect(host.texts()).toEqual(records);
  });
}

test("a trace that is written line by line is one record, whenever we look", async () => {
  await using host = new TailHost();
  writeFileSync(host.path("app.log"), "");
  host.start({ ...quick, multiline: { flush_timeout: "300ms" } });
  const records = [...(printedTraces.java ?? []), "after", "end"];
  for (const line of text(records).split(/(?<=\n)/)) {
    appendFileSync(host.path("app.log"), line);
    await Bun.sleep(4);
  }
  await host.untilLines(records.length);
  expect(host.texts()).toEqual(records);
});

test("the last record is taken when its file rests; a line without its end is not", async () => {
  await using host = new TailHost();
  writeFileSync(host.path("app.log"), "first\n\tat a.b(C.java:1)\nopen");
  host.start(quick);
  await host.untilLines(1);
  expect(host.texts()).toEqual(["first\n\tat a.b(C.java:1)"]);
  appendFileSync(host.path("app.log"), " line\n");
  await host.untilLines(2);
  expect(host.texts()[1]).toBe("open line");
});

test("a kill within a record loses and doubles nothing: its lines are acknowledged together", async () => {
  await using host = new TailHost();
  const [trace = ""] = printedTraces.java ?? [];
  const lines = trace.split("\n");
  writeFileSync(host.path("app.log"), text(["before", ...lines.slice(0, 4)]));
  host.start({ ...quick, multiline: { flush_timeout: "1h" } });
  await host.untilLines(1);
  await host.kill();
  appendFileSync(host.path("app.log"), text([...lines.slice(4), "after"]));
  host.start(quick);
  await host.untilLines(3);
  expect(host.texts()).toEqual(["before", trace, "after"]);
});

test("records end with their file when it is rotated, and the next file waits for them", async () => {
  await using host = new TailHost();
  writeFileSync(host.path("app.log"), "one\n\tat x(Y.java:1)\n");
  host.start({ ...quick, multiline: { flush_timeout: "60ms" } });
  await host.until(() => host.checkpoints.size > 0, "a position");
  renameSync(host.path("app.log"), host.path("app.log.1"));
  writeFileSync(host.path("app.log"), "two\nthree\n");
  await host.untilLines(3);
  expect(host.texts()).toEqual(["one\n\tat x(Y.java:1)", "two", "three"]);
});

test("start: a record begins where the pattern matches; line ends of Windows become \\n", async () => {
  await using host = new TailHost();
  writeFileSync(host.path("app.log"), "# Time: 1\r\nSELECT 1\r\n\r\nFROM x;\r\n# Time: 2\r\n");
  host.start({ ...quick, multiline: { mode: "start", start: "^# Time", flush_timeout: "50ms" } });
  await host.untilLines(2);
  expect(host.texts()).toEqual(["# Time: 1\nSELECT 1\n\nFROM x;", "# Time: 2"]);
});

test("indented: lines that begin with a space belong to the one before, in UTF-16, too", async () => {
  await using host = new TailHost();
  writeFileSync(host.path("app.log"), Buffer.from("a\n b\n\tc\nd\n", "utf16le"));
  host.start({
    ...quick,
    encoding: "utf-16le",
    multiline: { mode: "indented", flush_timeout: "50ms" },
  });
  await host.untilLines(2);
  expect(host.texts()).toEqual(["a\n b\n\tc", "d"]);
});

test("a record has at most lines_max lines and line_size_max bytes; what is more is another one", async () => {
  await using host = new TailHost();
  const lines = Array.from({ length: 10 }, (_, i) => `\tline ${i}`);
  writeFileSync(host.path("app.log"), text(["begin", ...lines]));
  const multiline = { mode: "indented", lines_max: 4, flush_timeout: "50ms" };
  host.start({ ...quick, multiline });
  await host.untilLines(3);
  expect(host.texts().join("\n").split("\n")).toEqual(["begin", ...lines]);
  expect(host.texts().map((record) => record.split("\n").length)).toEqual([4, 4, 3]);
  await using small = new TailHost();
  const long = Array.from({ length: 400 }, (_, i) => ` ${i} ${"x".repeat(50)}`);
  writeFileSync(small.path("app.log"), text(["begin", ...long]));
  small.start({
    ...quick,
    line_size_max: "1KiB",
    multiline: { mode: "indented", flush_timeout: "50ms" },
  });
  await small.until(
    () =>
      small
        .texts()
        .join("\n")
        .endsWith(`399 ${"x".repeat(50)}`),
    "the last line",
  );
  expect(small.texts().join("\n").split("\n")).toEqual(["begin", ...long]);
  expect(Math.max(...small.texts().map((record) => record.length))).toBeLessThanOrEqual(1_024);
});

test("a pattern is asked for with mode start, and refused with others", () => {
  expect(messages({ mode: "start" })).toEqual(["multiline.start"]);
  expect(messages({ start: "^x" })).toEqual(["multiline.start"]);
  expect(messages({ mode: "start", start: "(?=x)" })).toEqual(["multiline.start"]);
});

const messages = (multiline: unknown) =>
  FileLogsConfig.safeParse({ multiline }).error?.issues.map(({ path }) => path.join("."));
