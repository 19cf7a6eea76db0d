import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { LineReader } from "#test/support/line_reader.ts";
import type { Pushed } from "#test/support/log_pusher.ts";
import { isPushedFormName } from "#test/support/pushed_forms.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";

const storedMaxMs = 600_000;

/**
 * What does a log line cost that is pushed, from the request to a committed Parquet block? A process of its own pushes LogHub lines with their digits
 * redrawn to an `up` with its defaults. CPU counts from the first request until every line is stored; `rss_mb` is the peak (VmHWM),
 * `rest_rss_mb` the RSS `--rest` seconds later.
 * A request is as large as Promtail's (1 MiB at most). `--lines`, `--batch` (lines of one program in a request), `--connections`, `--form`,
 * `--flush_interval` (default: the product's).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      lines: { type: "string", default: "1000000" },
      batch: { type: "string", default: "5000" },
      connections: { type: "string", default: "2" },
      form: { type: "string", default: "loki_json" },
      rest: { type: "string", default: "30" },
      flush_interval: { type: "string" },
    },
  });
  if (!isPushedFormName(values.form)) throw new Error(`${values.form}: expected a form`);
  const folder = await mkdtemp(join(tmpdir(), "lapwing-bench-"));
  const ingest =
    values.flush_interval === undefined
      ? {}
      : { ingest: { flush_interval: values.flush_interval } };
  const config = { data_dir: join(folder, "data"), sources: [], ...ingest };
  const lapwing = await LapwingProcess.start({ role: "up", name: "up", folder, config });
  const pusher = new Pusher([
    values.form,
    lapwing.url,
    values.lines,
    values.batch,
    values.connections,
  ]);
  try {
    await pusher.ready();
    const meter = new UsageMeter(lapwing);
    const startedMs = performance.now();
    const pushed = await pusher.push();
    const answeredMs = performance.now() - startedMs;
    console.error(`${pushed.lines} lines taken with ${rounded(meter.usage().cpuSeconds)} CPU-s`);
    await waitForStored(lapwing.url, pushed.lines);
    const { cpuSeconds } = meter.usage();
    const peakBytes = lapwing.peakBytes();
    await Bun.sleep(1_000 * Number(values.rest));
    return {
      lines: pushed.lines,
      pushed_bytes_per_line: rounded(pushed.bytes / pushed.lines),
      answered_lines_per_s: Math.round((1_000 * pushed.lines) / answeredMs),
      compaction: "on",
      cpu_s_per_million: rounded((1e6 * cpuSeconds) / pushed.lines),
      rss_mb: rounded(peakBytes / 1e6, 1),
      rest_rss_mb: rounded(lapwing.residentBytes() / 1e6, 1),
      stored_bytes_per_line: rounded((await blockBytes(lapwing.url)) / pushed.lines),
      machine_load: machineLoad(),
    };
  } finally {
    await pusher.stop();
    await lapwing.end("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
}

class Pusher {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #said: LineReader;

  constructor(args: readonly string[]) {
    const file = join(import.meta.dir, "../support/log_pusher.ts");
    this.#child = Bun.spawn([process.execPath, file, ...args], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#said = new LineReader(this.#child.stdout);
  }

  async ready(): Promise<void> {
    await this.#said.next();
  }

  /** Resolves when every request was answered. */
  async push(): Promise<Pushed> {
    await this.#child.stdin.write("\n");
    await this.#child.stdin.flush();
    return JSON.parse(await this.#said.next());
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

async function waitForStored(url: string, items: number): Promise<void> {
  const deadline = performance.now() + storedMaxMs;
  for (;;) {
    const stored = await readOwnMetric(url, "lapwing_account_stored_items", { signal: "logs" });
    if (stored >= items) return;
    if (performance.now() > deadline) throw new Error(`${stored} of ${items} lines are stored`);
    await Bun.sleep(1_000);
  }
}

function blockBytes(url: string): Promise<number> {
  return readOwnMetric(url, "lapwing_store_block_bytes", { signal: "logs" });
}
