import { parseArgs } from "node:util";
import type { LogSourceInput } from "#agent/integrations/integration.ts";
import { nginx } from "#agent/integrations/nginx/integration.ts";
import { ProcessorChain } from "#agent/pipeline/processors/chain.ts";
import { ProcessorsConfig } from "#agent/pipeline/processors/config.ts";
import { LogMetrics } from "#agent/pipeline/processors/log_metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { linesBatch } from "#test/support/lines_batch.ts";

const batchLines = 1_024;

/**
 * What does a line of nginx's access log cost that is taken apart, and what are the series that are made of it? Lines of several statuses and methods
 * with a request time through the integration's own processors, with its series and without. `--lines`, `--rounds`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      lines: { type: "string", default: "200000" },
      rounds: { type: "string", default: "5" },
    },
  });
  const [lines, rounds] = [Number(values.lines), Number(values.rounds)];
  const withSeries = microsecondsOf(true, lines, rounds);
  const without = microsecondsOf(false, lines, rounds);
  return {
    lines,
    us_per_line: rounded(withSeries),
    us_per_line_without_series: rounded(without),
    us_per_line_of_series: rounded(withSeries - without),
    machine_load: machineLoad(),
  };
}

/** The median of some rounds, CPU. */
function microsecondsOf(hasMetrics: boolean, lines: number, rounds: number): number {
  const { bound } = ProcessorsConfig.parse(processorsOf(hasMetrics));
  const context = { clock: systemClock, metrics: new LogMetrics() };
  const chain = new ProcessorChain(bound, context, undefined);
  const batches = Array.from({ length: Math.ceil(lines / batchLines) }, (_, i) =>
    linesBatch(
      Array.from({ length: Math.min(batchLines, lines - i * batchLines) }, (__, j) =>
        lineOf(i * batchLines + j),
      ),
      { job: "nginx", instance: "web:80", log: "access" },
    ),
  );
  const each = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    for (const batch of batches) chain.apply(batch, () => {});
    const { user, system } = process.cpuUsage(before);
    return (user + system) / lines;
  });
  return each.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
}

function processorsOf(hasMetrics: boolean): readonly unknown[] {
  const options = nginx.config.parse({ access_log_metrics: hasMetrics });
  const access: LogSourceInput | undefined = nginx.logs?.(options)[0];
  return access !== undefined && "processors" in access && Array.isArray(access.processors)
    ? access.processors
    : [];
}

const statuses = [200, 200, 200, 200, 304, 301, 404, 500];
const methods = ["GET", "GET", "GET", "POST", "HEAD"];

function lineOf(i: number): string {
  const [status, method] = [statuses[i % statuses.length], methods[i % methods.length]];
  const second = String(i % 60).padStart(2, "0");
  return (
    `10.0.${i % 256}.${(i * 7) % 256} - - [22/Nov/2026:10:00:${second} +0000] "${method} /item/${i % 10_000}?page=${i % 7} HTTP/1.1" ` +
    `${status} ${(i * 131) % 50_000} "https://shop.example/list" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0" ` +
    (((i * 17) % 3_000) / 1_000).toFixed(3)
  );
}
