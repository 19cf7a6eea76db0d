import { appendFileSync, writeFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { systemClock } from "#shared/runtime/clock.ts";
import { randomOf } from "#test/support/mutator.ts";
import { TailHost } from "#test/support/tail_host.ts";
import { binder } from "../binder.ts";
import { BatchBuilder } from "../file_logs/batch_builder.ts";
import { lineCodec } from "../file_logs/line_codec.ts";
import { MultilineConfig, lineJoiner } from "../file_logs/multiline.ts";
import { printedTraces } from "../file_logs/stack_traces.fixture.ts";
import { joinContainerRecords } from "./join_container_records.ts";
import { containerLogs } from "./source.ts";

const timeAt = (ms: number) => new Date(1_700_000_000_000 + ms).toISOString();
const cri = (ms: number, stream: string, text: string, tag = "F") =>
  `${timeAt(ms)} ${stream} ${tag} ${text}\n`;
const docker = (ms: number, stream: string, text: string) =>
  `${JSON.stringify({ log: `${text}\n`, stream, time: timeAt(ms) })}\n`;

const quick = { start_at: "beginning", multiline: { flush_timeout: "50ms" } };
const start = (host: TailHost, options: Record<string, unknown> = {}) =>
  host.start({ ...quick, ...options }, binder(containerLogs));

const told = (host: TailHost, stream: string) =>
  host.lines.filter(({ labels }) => labels["stream"] === stream).map(({ body }) => body);

for (const [format, line] of Object.entries({ cri, docker }))
  test(`stack traces of all runtimes are one record each in files of ${format}, with lines of the other stream between theirs`, async () => {
    await using host = new TailHost();
    const traces = Object.values(printedTraces).flat();
    const records = traces.flatMap((trace, i) => [trace, `10:00 INFO after ${i}`]);
    const lines = records.flatMap((record) => record.split("\n"));
    const mixed = lines.map((text, i) => line(i, "stderr", text) + line(i, "stdout", `GET /${i}`));
    writeFileSync(host.path("a.log"), mixed.join(""));
    start(host);
    await host.untilLines(records.length + lines.length);
    expect(told(host, "stderr")).toEqual(records);
    expect(told(host, "stdout")).toEqual(lines.map((_, i) => `GET /${i}`));
    expect(host.lines[0]?.time).toBe(Date.parse(timeAt(0)));
  });

test("parts of a line are joined before lines are", async () => {
  await using host = new TailHost();
  const text =
    cri(0, "stderr", "java.lang.Error", "P") +
    cri(1, "stdout", "between") +
    cri(2, "stderr", ": why") +
    cri(3, "stderr", "\tat a.b", "P") +
    cri(4, "stderr", "(C.java:1)") +
    cri(5, "stderr", "next") +
    cri(6, "stdout", "end");
  writeFileSync(host.path("a.log"), text);
  start(host);
  await host.untilLines(4);
  expect(told(host, "stderr")).toEqual(["java.lang.Error: why\n\tat a.b(C.java:1)", "next"]);
  expect(told(host, "stdout")).toEqual(["between", "end"]);
  expect(host.lines.every(({ attributes }) => attributes === undefined)).toBe(true);
});

test("a record of one stream does not wait for ever while the other goes on", async () => {
  await using host = new TailHost();
  writeFileSync(host.path("a.log"), cri(0, "stderr", "alone") + cri(10, "stdout", "a"));
  start(host, { multiline: { flush_timeout: "1h" } });
  appendFileSync(host.path("a.log"), cri(3_600_011, "stdout", "b") + cri(3_600_012, "stdout", "c"));
  await host.untilLines(3);
  expect(told(host, "stderr")).toEqual(["alone"]);
  // By bytes: before the time is over.
  appendFileSync(host.path("a.log"), cri(3_600_013, "stderr", "again"));
  const much = Array.from({ length: 100 }, () => cri(3_600_014, "stdout", "x".repeat(1_000)));
  appendFileSync(host.path("a.log"), much.join(""));
  await host.until(() => told(host, "stderr").includes("again"), "the other stream's record");
});

test("a start pattern joins per stream, and lines_max ends a record", async () => {
  await using host = new TailHost();
  const lines = ["# 1", "a", "b", "# 2", "c", "d", "e", "f"];
  const text = lines.map((line, i) => docker(i, "stdout", line) + docker(i, "stderr", line));
  writeFileSync(host.path("a.log"), text.join(""));
  start(host, {
    multiline: { mode: "start", start: "^#", lines_max: 4, flush_timeout: "50ms" },
  });
  await host.untilLines(6);
  for (const stream of ["stdout", "stderr"])
    expect(told(host, stream)).toEqual(["# 1\na\nb", "# 2\nc\nd\ne", "f"]);
});

test("every kill between two batches loses and doubles nothing", async () => {
  await using host = new TailHost();
  const lines = Array.from({ length: 3_000 }, (_, i) =>
    cri(i, i % 3 === 0 ? "stderr" : "stdout", `${i % 7 < 2 ? "  " : ""}${i};`),
  );
  const multiline = { mode: "indented", flush_timeout: "1h" };
  for (let from = 0; from < lines.length; from += 500) {
    appendFileSync(host.path("a.log"), lines.slice(from, from + 500).join(""));
    start(host, { multiline });
    const before = host.batches;
    await host.until(() => host.batches > before, "a batch");
    await host.kill();
  }
  start(host, { multiline: { mode: "indented", flush_timeout: "50ms" } });
  const numbers = () => host.texts().join("").split(";").length - 1;
  await host.until(() => numbers() >= lines.length, "all of the lines");
  for (const [stream, wanted] of [
    ["stderr", lines.filter((_, i) => i % 3 === 0)],
    ["stdout", lines.filter((_, i) => i % 3 !== 0)],
  ] as const) {
    const texts = wanted.map((line) => line.slice(line.indexOf(" F ") + 3, -1));
    expect(told(host, stream).join("\n").split("\n")).toEqual(texts);
    for (const record of told(host, stream).slice(1)) expect(record[0]).not.toBe(" ");
    expect(told(host, stream).length).toBeLessThan(wanted.length);
  }
});

test("records of two streams that lie across each other without end are told all the same", async () => {
  await using host = new TailHost();
  const lines = Array.from({ length: 300 }, (_, i) =>
    cri(i * 600_000, i % 2 === 0 ? "stdout" : "stderr", `${i % 8 < 2 ? "" : "  "}${i};`),
  );
  // Shifted against each other, so that there is no place between two records of both.
  const shifted = lines.map((line, i) => (i % 2 === 0 ? (lines[i + 4] ?? "") : line));
  writeFileSync(host.path("a.log"), shifted.join(""));
  start(host, { multiline: { mode: "indented", flush_timeout: "1h" } });
  const numbers = () => host.texts().join("").split(";").length - 1;
  // The file rests, but not for an hour: only that the records were held for so long lets them go.
  await host.until(() => numbers() >= 200, "most of the lines");
  expect(host.lines.length).toBeLessThan(100);
});

type Told = readonly [stream: string, body: string];

/** What is told of a file that is found to have grown to each of the lengths. */
function joined(file: Buffer, lengths: readonly number[], lineMax: number): Told[] {
  const records: Told[] = [];
  const codec = lineCodec("utf-8");
  const builder = new BatchBuilder(systemClock);
  const config = MultilineConfig.parse({ mode: "indented" });
  const joiners = new Map([
    ["stdout", lineJoiner(config)],
    ["stderr", lineJoiner(config)],
  ]);
  const joining = {
    format: "auto" as const,
    latestMs: Number.MAX_SAFE_INTEGER,
    labelsOf: (_: unknown, stream: string) => ({ stream }),
    unparsed: () => {},
    joinerOf: (stream: string) => joiners.get(stream) ?? lineJoiner(config),
    linesMax: 20,
    quietMs: 1_000,
    partsMs: 0,
    nowMs: 0,
  };
  const keep = () => {
    const { bodies, bodyEnds, streams, streamOf } = builder.take();
    bodyEnds.forEach((end, i) => {
      const body = new TextDecoder().decode(bodies.slice(bodyEnds[i - 1] ?? 0, end));
      records.push([streams[streamOf[i] ?? -1]?.["stream"] ?? "-", body]);
    });
  };
  let [position, skipping] = [0, false];
  for (const length of lengths) {
    const isLast = length === file.length;
    for (;;) {
      const data = file.subarray(position, length);
      const chunk = { data, labels: {}, lineMax, final: isLast };
      const flush = { ...joining, flush: false };
      const taken = joinContainerRecords(codec, builder, chunk, 0, skipping, flush);
      position += taken.next;
      ({ skipping } = taken);
      keep();
      if (!taken.full) break;
    }
  }
  expect(position).toBe(file.length);
  return records;
}

test("however a file grows, the records are the same, and each line is in one of them", () => {
  const random = randomOf(7);
  for (let round = 0; round < 60; round++) {
    const wanted: Record<string, string> = { stdout: "", stderr: "", "-": "" };
    const open = new Set<string>();
    let text = "";
    let ms = 0;
    const lines = 1 + random(120);
    for (let i = 0; i < lines; i++) {
      ms += random(20) === 0 ? 3_000 : random(30);
      const kind = random(30);
      const stream = random(3) === 0 ? "stderr" : "stdout";
      if (kind === 0) {
        text += `garbage ${i};\n`;
        wanted["-"] += `garbage ${i};`;
        continue;
      }
      const isPart = kind < 5;
      const indent = !open.has(stream) && random(2) === 0 ? "  " : "";
      text += cri(ms, stream, `${indent}${i};`, isPart ? "P" : "F");
      wanted[stream] += `${indent}${i};`;
      if (isPart) open.add(stream);
      else open.delete(stream);
    }
    const file = Buffer.from(text);
    const cuts = Array.from({ length: random(12) }, () => random(file.length));
    const grown = joined(file, [...cuts.toSorted((a, b) => a - b), file.length], 128 * 1_024);
    expect(grown).toEqual(joined(file, [file.length], 128 * 1_024));
    for (const short of [grown, joined(file, [file.length], 300)])
      for (const stream of ["stdout", "stderr", "-"]) {
        const bodies = short.filter(([name]) => name === stream).map(([, body]) => body);
        expect(bodies.join("").replaceAll("\n", "")).toBe(wanted[stream] ?? "");
      }
  }
});
