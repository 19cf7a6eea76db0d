import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { decodeFrame, encodeFrame, newHeader } from "#proto/codec/envelope.ts";
import { decodeLogs, encodeLogs } from "#proto/codec/logs.ts";
import { Signal } from "#proto/gen/v1/frame_pb.js";
import { unmined } from "#shared/model/line_template.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { LineMiner } from "./line_miner.ts";
import { templatesMax } from "./template_table.ts";

function batchOf(lines: readonly (string | Uint8Array)[]): LogsBatch {
  const bodies = lines.map((line) => (typeof line === "string" ? Buffer.from(line) : line));
  let end = 0;
  return {
    streams: [{ job: "a" }],
    streamOf: new Uint32Array(lines.length),
    timestampsMs: new Float64Array(lines.length).fill(1.7e12),
    nanos: Uint32Array.from(lines, (_, i) => i % 1_000_000),
    severities: new Uint8Array(lines.length),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
  };
}

/** The template of each line, "" where it stands as it is. */
function templatesOf(miner: LineMiner, lines: readonly (string | Uint8Array)[]): string[] {
  const { mined } = miner.mine(batchOf(lines));
  return Array.from(mined?.templateOf ?? [], (number) => mined?.templates[number]?.text ?? "");
}

/** The lines after a way through frames. */
function throughFrames(batch: LogsBatch): Buffer[] {
  return encodeLogs(batch).flatMap(({ body, ...fields }) => {
    const header = newHeader({ tenant: "t", agent: "a", signal: Signal.LOGS, ...fields });
    const { bodies, bodyEnds, nanos } = decodeLogs(decodeFrame(encodeFrame(header, body)));
    expect(nanos.length).toBe(fields.items);
    return Array.from(bodyEnds, (end, i) =>
      Buffer.from(bodies.subarray(i === 0 ? 0 : bodyEnds[i - 1], end)),
    );
  });
}

test("words with a digit and the names of days and months are variables", () => {
  const lines = [
    "Jun 14 15:16:01 combo sshd[19939]: check pass; user unknown",
    "Sun Dec 04 GET /v2/54fadb/servers?limit=10",
    "<34> is a 1-bit <b> (<7f>)",
  ];
  expect(templatesOf(new LineMiner(), lines)).toEqual([
    "<0> <1> <2>:<3>:<4> combo sshd[<5>]: check pass; user unknown",
    "<0> <1> <2> GET /<3>/<4>/servers?limit=<5>",
    "<<0>> is a <1> <b> (<<2>>)",
  ]);
});

test("a word that keeps changing becomes a variable, and lines that it made alike share a template", () => {
  const miner = new LineMiner();
  const names = "alice bob carol dave erin frank grace heidi ivan judy".split(" ");
  const first = templatesOf(
    miner,
    names.slice(0, 8).map((name) => `session opened for ${name} by root`),
  );
  expect(first[0]).toBe("session opened for alice by root");
  const later = templatesOf(
    miner,
    names.slice(8).map((name) => `session opened for ${name} by root`),
  );
  expect(later).toEqual(Array.from({ length: 2 }, () => "session opened for <0> by root"));
});

test("a few states of one word stay apart", () => {
  const states = ["started", "paused", "resumed", "stopped"];
  const lines = states.map((state) => `instance 4: VM ${state} by request`);
  expect(new Set(templatesOf(new LineMiner(), [...lines, ...lines])).size).toBe(4);
});

test("what comes after the last variable but one is the last one", () => {
  const line = Array.from({ length: 40 }, (_, i) => `a=${i}`).join(" ");
  const [template] = templatesOf(new LineMiner(), [line]);
  expect(template?.endsWith("a=<31>")).toBe(true);
  expect(throughFrames(new LineMiner().mine(batchOf([line])))).toEqual([Buffer.from(line)]);
});

test("a million lines that never repeat don't fill the memory, and each is still there", () => {
  const miner = new LineMiner();
  const templates = new Set<string>();
  let unminedLines = 0;
  for (let batch = 0; batch < 50; batch++) {
    const lines = Array.from({ length: 1_000 }, (_, i) => wordsOf(batch * 1_000 + i));
    for (const text of templatesOf(miner, lines)) {
      if (text === "") unminedLines++;
      else templates.add(text);
    }
  }
  expect(unminedLines).toBeGreaterThan(25_000);
  // It has begun anew at least once.
  expect(templates.size).toBeGreaterThan(templatesMax);
});

test("lines that hold what would name a variable stand as they are", () => {
  const lines = ["level <5> of 12", "<0>", "a <31> b", "a <32> b", "<<1>>"];
  expect(templatesOf(new LineMiner(), lines)).toEqual(["", "", "", "a <<0>> b", ""]);
});

test("lines that are no text stand as they are, their neighbours are mined", () => {
  const lines = [Buffer.from("user 1"), Buffer.from([0xff, 0x31, 0x20]), Buffer.from("user 2")];
  const { mined } = new LineMiner().mine(batchOf(lines));
  expect(Array.from(mined?.templateOf ?? [])).toEqual([0, unmined, 0]);
});

test("every line comes back byte for byte, whatever it holds", () => {
  const word = fc.constantFrom(
    "user",
    "<0>",
    "<1>",
    "<31>",
    "0",
    "42",
    "é7",
    "Mon",
    "May",
    "",
    "[",
    "a=b",
    "日本",
    "\u0000",
    "\ufeff",
    "10.0.0.1:80",
    "<",
    ">",
  );
  const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(" "));
  const long = fc.integer({ min: 30, max: 300 }).map((n) => "x 1 ".repeat(n));
  const line = fc.oneof(
    { weight: 6, arbitrary: text.map((value) => Buffer.from(value)) },
    { weight: 1, arbitrary: long.map((value) => Buffer.from(value)) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 30 }) },
    { weight: 1, arbitrary: fc.string({ unit: "binary" }).map((value) => Buffer.from(value)) },
  );
  const miner = new LineMiner();
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
      const came = throughFrames(miner.mine(batchOf(lines)));
      expect(came.map((one) => one.toString("latin1"))).toEqual(
        lines.map((one) => Buffer.from(one).toString("latin1")),
      );
    }),
    { numRuns: 400 },
  );
});

test("a template's text alone makes the line again, by replacing its variables in order", () => {
  const piece = fc.constantFrom("<", ">", "7", "31", "32", "a", " ", "b2", "<4>", "=", "May");
  const line = fc.array(piece, { maxLength: 90 }).map((pieces) => pieces.join(""));
  const miner = new LineMiner();
  let minedLines = 0;
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const batch = miner.mine(batchOf(lines));
      const variables = variablesIn(batch);
      for (const [i, values] of variables.entries()) {
        if (values === undefined) continue;
        minedLines++;
        const { mined } = batch;
        const text = mined?.templates[mined.templateOf[i] ?? unmined]?.text ?? "";
        const made = values.reduce((sum, value, v) => sum.replaceAll(`<${v}>`, () => value), text);
        expect(made).toBe(lines[i] ?? "");
      }
    }),
    { numRuns: 300 },
  );
  expect(minedLines).toBeGreaterThan(500);
});

/** The variables of each record, as told by the parts of its template and the lengths. */
function variablesIn({ bodies, bodyEnds, mined }: LogsBatch): (string[] | undefined)[] {
  let next = 0;
  return Array.from(bodyEnds, (_, i) => {
    const ends = mined?.templates[mined.templateOf[i] ?? unmined]?.partEnds;
    if (ends === undefined) return undefined;
    let at = i === 0 ? 0 : (bodyEnds[i - 1] ?? 0);
    return Array.from(ends.subarray(0, -1), (end, v) => {
      at += end - (v === 0 ? 0 : (ends[v - 1] ?? 0));
      const length = mined?.variableLengths[next++] ?? 0;
      at += length;
      return Buffer.from(bodies.subarray(at - length, at)).toString();
    });
  });
}

function spelled(number: number): string {
  return number.toString(26).replace(/\d/g, (digit) => "ABCDEFGHIJ"[Number(digit)] ?? "");
}

/** Words without a digit, different for every number. */
function wordsOf(number: number): string {
  const mixed = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  return `${spelled(mixed)} ${spelled(mixed >>> 7)} ${spelled(mixed >>> 3)} ${spelled(number)}`;
}
