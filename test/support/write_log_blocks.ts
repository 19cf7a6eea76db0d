import { LineMiner } from "#agent/pipeline/mining/line_miner.ts";
import { cutContentOf } from "#aggregator/read/cut_content.ts";
import type { Store } from "#aggregator/read/store.ts";
import { type LogsBatch, severity } from "#shared/model/logs.ts";
import { logSystems, RedrawnLines } from "./log_corpus.ts";

const linesPerBatchMax = 4_000;
const linesPerBlock = 250_000;
const hostsPerSystem = 4;
const levels: readonly (readonly [string, number])[] = [
  ["ERROR", severity.error],
  ["error", severity.error],
  ["WARN", severity.warn],
  ["DEBUG", severity.debug],
];

/** What was written: the time of the first line, the one after the last, and some lines that are there once. */
export type WrittenLogs = {
  readonly startMs: number;
  readonly endMs: number;
  readonly samples: readonly string[];
};

/**
 * Commits `count` lines to a store as an hour of logs: those of LogHub in equal parts, digits drawn anew, and one part of JSON as services
 * write it. Mined as an agent mines them.
 */
export async function writeLogBlocks(
  store: Store,
  tenant: string,
  count: number,
  endMs: number,
): Promise<WrittenLogs> {
  const sources = [
    ...logSystems().map(({ name, lines }, i) => ({ name, lines: new RedrawnLines(lines, i + 1) })),
    { name: "shop", lines: new RedrawnLines(jsonLines(), 99) },
  ];
  const startMs = endMs - 3_600_000;
  const linesPerBatch = Math.min(linesPerBatchMax, Math.ceil(count / sources.length / 4));
  const miners = sources.map(() => new LineMiner());
  const samples: string[] = [];
  let batches: LogsBatch[] = [];
  let [written, pending] = [0, 0];
  for (let turn = 0; written + pending < count; turn++) {
    const at = turn % sources.length;
    const source = sources[at];
    if (source === undefined) throw new Error("there are no lines to write");
    const wanted = Math.min(linesPerBatch, count - written - pending);
    const taken = source.lines.take(wanted);
    const fromMs = startMs + Math.floor((3_600_000 * (written + pending)) / count);
    const msPerLine = 3_600_000 / count;
    const batch = batchOf(source.name, turn, taken, fromMs, msPerLine);
    if (samples.length < 200) samples.push(textOf(batch, turn % taken.lines));
    batches.push(miners[at]?.mine(batch) ?? batch);
    pending += taken.lines;
    if (pending < linesPerBlock && written + pending < count) continue;
    const rest = { families: new Map(), lanes: [], carrier: {} };
    const content = cutContentOf({ logs: new Map([[tenant, batches]]) });
    await store.commit({ content, ...rest }, () => {});
    written += pending;
    [batches, pending] = [[], 0];
    if (written % 1_000_000 < linesPerBlock) console.error(`${written} lines written`);
  }
  return { startMs, endMs, samples };
}

function batchOf(
  system: string,
  turn: number,
  { bytes, lines }: { readonly bytes: Buffer; readonly lines: number },
  fromMs: number,
  msPerLine: number,
): LogsBatch {
  const bodies = new Uint8Array(bytes.length - lines);
  const bodyEnds = new Uint32Array(lines);
  const severities = new Uint8Array(lines);
  const timestampsMs = new Float64Array(lines);
  const nanos = new Uint32Array(lines);
  let [from, to] = [0, 0];
  for (let i = 0; i < lines; i++) {
    const end = bytes.indexOf(10, from);
    bodies.set(bytes.subarray(from, end), to);
    bodyEnds[i] = to += end - from;
    severities[i] = levelOf(bytes.toString("latin1", from, end));
    const ms = fromMs + i * msPerLine;
    timestampsMs[i] = Math.floor(ms);
    nanos[i] = Math.floor((ms % 1) * 1e6);
    from = end + 1;
  }
  const host = `${system}-${Math.floor(turn / 9) % hostsPerSystem}`;
  return {
    streams: [{ system, host }],
    streamOf: new Uint32Array(lines),
    timestampsMs,
    nanos,
    severities,
    bodies,
    bodyEnds,
  };
}

function levelOf(line: string): number {
  return levels.find(([word]) => line.includes(word))?.[1] ?? severity.info;
}

function textOf({ bodies, bodyEnds }: LogsBatch, i: number): string {
  return Buffer.from(bodies.subarray(i === 0 ? 0 : bodyEnds[i - 1], bodyEnds[i])).toString(
    "latin1",
  );
}

/** As a web shop's services log: digits are drawn anew later. */
function jsonLines(): Buffer[] {
  const paths = ["/cart", "/checkout", "/api/orders", "/api/items", "/login", "/search"];
  return Array.from({ length: 600 }, (_, i) => {
    const path = paths[i % paths.length];
    const level = i % 50 === 0 ? "error" : "info";
    const status = i % 50 === 0 ? "fail" : "ok";
    return Buffer.from(
      `{"ts":"2026-01-01T00:00:00.000Z","level":"${level}","path":"${path}","outcome":"${status}",` +
        `"duration_ms":10${i % 7}.5,"bytes":2048,"user":"u-12345","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}`,
    );
  });
}
