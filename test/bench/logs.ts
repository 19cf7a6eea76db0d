import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { buildAgent } from "#test/support/build_agent.ts";
import { digitEntropyBytes, writeLogFiles } from "#test/support/log_corpus.ts";
import { sumOfMetric } from "#test/support/self_metrics_reader.ts";

const zstdBytesMax = 4 * 1_024 * 1_024;

/**
 * What does a log line cost between a file and a committed Parquet block? LogHub lines with their digits redrawn lie in a file a system; an
 * agent tails them from the beginning, an aggregator takes its frames over a real nats-server. Both are processes of their own.
 * The agent is compiled, as hosts have it. Twelve million lines take half a minute or so: ingest that goes on is asked for, and of one million
 * a third of the CPU is the engine's compiling.
 * `entropy_bytes_per_line` is what the random digits are at least. zstd's are of the files' beginnings, at most 4 MiB each. `--lines`, `--seed`, `--redraw` (probability of a digit to be drawn), `--flush_interval`,
 * `--agent` (PATH of a compiled agent, built where absent, or "source": Bun and the source).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      lines: { type: "string", default: "12000000" },
      seed: { type: "string", default: "1" },
      redraw: { type: "string", default: "1" },
      flush_interval: { type: "string", default: "2s" },
      agent: { type: "string" },
    },
  });
  const lines = Number(values.lines);
  const redraw = Number(values.redraw);
  const world = await BenchWorld.start({ flushInterval: values.flush_interval });
  try {
    const folder = join(world.folder, "logs");
    mkdirSync(folder);
    const fileBytes = writeLogFiles(folder, lines, Number(values.seed), redraw);
    let entropyBytes = 0;
    for (const file of readdirSync(folder))
      entropyBytes += digitEntropyBytes(readFileSync(join(folder, file)), redraw);
    console.error(`${lines} lines, ${fileBytes} bytes, seed ${values.seed}`);
    const binary =
      values.agent === "source" ? undefined : (values.agent ?? (await buildAgent(world.folder)));
    const aggregator = new UsageMeter(world.aggregator);
    const startedMs = performance.now();
    const paths = [join(folder, "*.log")];
    const process = await world.startAgent(
      { sources: [{ type: "file_logs", paths, start_at: "beginning" }] },
      binary === undefined ? undefined : [binary],
    );
    // From its first instruction: what it read before it listens counts, too.
    const agent = new UsageMeter(process, 0);
    await world.waitForStored("logs", lines, () => {
      agent.look();
      aggregator.look();
    });
    const tookMs = performance.now() - startedMs;
    const [sent, took] = [agent.usage(), aggregator.usage()];
    const own = await (await fetch(new URL("/metrics", process.url))).text();
    const wireBytes = sumOfMetric(own, "lapwing_spool_written_bytes_total", { signal: "logs" });
    const millions = lines / 1e6;
    return {
      lines,
      redraw,
      lines_per_s: Math.round((1_000 * lines) / tookMs),
      agent_cpu_s_per_million: rounded(sent.cpuSeconds / millions),
      aggregator_cpu_s_per_million: rounded(took.cpuSeconds / millions),
      file_bytes_per_line: rounded(fileBytes / lines),
      entropy_bytes_per_line: rounded(entropyBytes / lines),
      wire_bytes_per_line: rounded(wireBytes / lines),
      stored_bytes_per_line: rounded((await world.blockBytes()) / lines),
      agent_rss_mb: sent.residentMb,
      aggregator_rss_mb: took.residentMb,
      compaction: "on",
      machine_load: machineLoad(),
      zstd_3_bytes_per_line: rounded(zstdBytesPerLine(folder, 3)),
      zstd_19_bytes_per_line: rounded(zstdBytesPerLine(folder, 19)),
    };
  } finally {
    await world.stop();
  }
}

/** What zstd makes of a line: the mean of the files, which have equally many. */
function zstdBytesPerLine(folder: string, level: number): number {
  const files = readdirSync(folder);
  let sum = 0;
  for (const file of files) {
    const whole = readFileSync(join(folder, file));
    const some = whole.subarray(0, whole.lastIndexOf(10, zstdBytesMax) + 1);
    const counted = some.toString("latin1").split("\n").length - 1;
    sum += Bun.zstdCompressSync(some, { level }).length / Math.max(1, counted);
  }
  return sum / Math.max(1, files.length);
}
