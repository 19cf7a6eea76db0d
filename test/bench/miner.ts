import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeLogsFile } from "#aggregator/blocks/logs/write/logs_file.ts";
import { createLogsEncoder } from "#proto/codec/logs.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { rounded } from "#test/support/bench_world.ts";
import { digitEntropyBytes, logSystems, RedrawnLines } from "#test/support/log_corpus.ts";
import { createLineMiner } from "#test/support/mining.ts";

const batchLines = 4_096;

/**
 * What do a system's log lines cost to take apart, and what do they take on the wire and at rest, beside zstd over the file? By LogHub sample, digits
 * drawn anew; `entropy_bytes_per_line` is what these digits are at least. `--lines` (of each system), `--seed`, `--redraw` (probability of a digit to be drawn).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      lines: { type: "string", default: "40000" },
      seed: { type: "string", default: "1" },
      redraw: { type: "string", default: "1" },
    },
  });
  const redraw = Number(values.redraw);
  const systems: Record<string, Measured> = {};
  for (const [i, { name, lines }] of logSystems().entries()) {
    const batches = batchesOf(
      new RedrawnLines(lines, Number(values.seed) + i, redraw),
      Number(values.lines),
    );
    systems[name] = await measure(batches, redraw);
    console.error(name, JSON.stringify(systems[name]));
  }
  const all = Object.values(systems);
  const mean = (key: keyof Measured) =>
    rounded(all.reduce((sum, one) => sum + one[key], 0) / Math.max(1, all.length));
  return {
    lines: Number(values.lines) * all.length,
    redraw,
    cpu_s_per_million: mean("cpu_s_per_million"),
    entropy_bytes_per_line: mean("entropy_bytes_per_line"),
    wire_bytes_per_line: mean("wire_bytes_per_line"),
    stored_bytes_per_line: mean("stored_bytes_per_line"),
    zstd_3_bytes_per_line: mean("zstd_3_bytes_per_line"),
    zstd_19_bytes_per_line: mean("zstd_19_bytes_per_line"),
    systems,
  };
}

type Measured = Awaited<ReturnType<typeof measure>>;

async function measure(batches: readonly LogsBatch[], redraw: number) {
  const lines = batches.reduce((sum, { streamOf }) => sum + streamOf.length, 0);
  const raw = Buffer.concat(batches.map(({ bodies }) => bodies));
  const miner = createLineMiner();
  const before = cpuSeconds();
  const mined = batches.map((batch) => miner.mine(batch));
  const mineSeconds = cpuSeconds() - before;
  const encoder = createLogsEncoder();
  let wire = 0;
  for (const batch of mined) for (const { body } of encoder.encode(batch)) wire += body.length;
  const folder = mkdtempSync(join(tmpdir(), "lapwing-bench-miner-"));
  const { bytes: stored } = await writeLogsFile(folder, mined);
  rmSync(folder, { recursive: true });
  const zstd = (level: number) => Bun.zstdCompressSync(raw, { level }).length;
  return {
    lines_per_s: Math.round(lines / mineSeconds),
    cpu_s_per_million: rounded((1e6 * mineSeconds) / lines),
    raw_bytes_per_line: rounded(raw.length / lines),
    entropy_bytes_per_line: rounded(digitEntropyBytes(raw, redraw) / lines),
    wire_bytes_per_line: rounded(wire / lines),
    stored_bytes_per_line: rounded(stored / lines),
    zstd_3_bytes_per_line: rounded(zstd(3) / lines),
    zstd_19_bytes_per_line: rounded(zstd(19) / lines),
  };
}

function batchesOf(source: RedrawnLines, count: number): LogsBatch[] {
  const batches: LogsBatch[] = [];
  for (let left = count; left > 0;) {
    const taken = source.take(Math.min(left, batchLines));
    if (taken.lines === 0) throw new RangeError("a line that is larger than a batch");
    batches.push(batchOf(taken.bytes, taken.lines, count - left));
    left -= taken.lines;
  }
  return batches;
}

function batchOf(bytes: Buffer, count: number, first: number): LogsBatch {
  const bodies = new Uint8Array(bytes.length - count);
  const bodyEnds = new Uint32Array(count);
  let [at, to] = [0, 0];
  for (let i = 0; i < count; i++) {
    const end = bytes.indexOf(10, at);
    bodies.set(bytes.subarray(at, end), to);
    bodyEnds[i] = to += end - at;
    at = end + 1;
  }
  return {
    streams: [{ job: "bench" }],
    streamOf: new Uint32Array(count),
    timestampsMs: Float64Array.from(bodyEnds, (_, i) => 1.7e12 + first + i),
    nanos: new Uint32Array(count),
    severities: new Uint8Array(count).fill(9),
    bodies,
    bodyEnds,
  };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
