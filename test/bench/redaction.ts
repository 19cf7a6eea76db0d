import { parseArgs } from "node:util";
import type { LogsBatch } from "#shared/model/logs.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { ProcessorChain } from "#agent/pipeline/processors/chain.ts";
import { ProcessorsConfig } from "#agent/pipeline/processors/config.ts";
import { LogMetrics } from "#agent/pipeline/processors/log_metrics.ts";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { linesBatch } from "#test/support/lines_batch.ts";
import { RedrawnLines, logSystems } from "#test/support/log_corpus.ts";

const batchLines = 4_096;

/**
 * What does the default redaction cost a log line? LogHub lines with their digits redrawn, in batches as a tail makes them, through a
 * chain of one `redact`; the batches are made before, and each round is measured by itself. `--lines`, `--rounds`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      lines: { type: "string", default: "1000000" },
      rounds: { type: "string", default: "3" },
    },
  });
  const systems = logSystems();
  const { bound } = ProcessorsConfig.parse([{ type: "redact" }]);
  const bySystem: Record<string, number> = {};
  let [total, count, bytes, found] = [0, 0, 0, 0];
  for (const { name, lines } of systems) {
    const batches = batchesOf(lines, Math.ceil(Number(values.lines) / systems.length));
    const seconds: number[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const context = { clock: systemClock, metrics: new LogMetrics() };
      const chain = new ProcessorChain(bound, context, undefined);
      const before = process.cpuUsage();
      for (const batch of batches)
        if (chain.apply(batch, () => {}).bodies !== batch.bodies) found++;
      const { user, system } = process.cpuUsage(before);
      seconds.push((user + system) / 1e6);
    }
    const own = batches.reduce((sum, batch) => sum + batch.bodyEnds.length, 0);
    const median = seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)] ?? 0;
    bySystem[name] = rounded((median * 1e6) / own);
    total += median;
    count += own;
    bytes += batches.reduce((sum, batch) => sum + batch.bodies.length, 0);
  }
  return {
    lines: count,
    cpu_s_per_million: rounded((total * 1e6) / count),
    bytes_per_line: rounded(bytes / count),
    cpu_s_per_million_by_system: bySystem,
    batches_with_finds: found,
    machine_load: machineLoad(),
  };
}

function batchesOf(lines: readonly Buffer[], count: number): LogsBatch[] {
  const source = new RedrawnLines(lines, 1);
  const batches: LogsBatch[] = [];
  for (let left = count; left > 0;) {
    const taken = source.take(Math.min(left, batchLines));
    const text = taken.bytes.toString("utf8").split("\n").slice(0, -1);
    batches.push(linesBatch(text));
    left -= taken.lines;
  }
  return batches;
}
