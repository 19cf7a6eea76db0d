import { loadavg, tmpdir } from "node:os";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { LapwingProcess } from "./lapwing_process.ts";
import { type NatsServer, startNats } from "./nats.ts";
import { readOwnMetric } from "./self_metrics_reader.ts";

type Parts = {
  readonly folder: string;
  readonly nats: NatsServer;
  readonly aggregator: LapwingProcess;
};

const Answer = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

/** CPU seconds used since the meter was made, and the largest RSS that was seen. */
export type Usage = { readonly cpuSeconds: number; readonly residentMb: number };

/** A nats-server and an aggregator as processes, for a benchmark to load; everything is gone after stop(). */
export class BenchWorld {
  readonly folder: string;
  readonly nats: NatsServer;
  readonly aggregator: LapwingProcess;
  readonly #others: { end(): Promise<unknown> }[] = [];

  /** `flushInterval` is how often the head becomes blocks. Blocks are merged in the background, as by default. */
  static async start(
    options: {
      readonly flushInterval?: string;
      readonly flushSize?: string;
      readonly tenant?: string;
    } = {},
  ): Promise<BenchWorld> {
    const folder = await mkdtemp(join(tmpdir(), "lapwing-bench-"));
    const nats = await startNats();
    const config = {
      data_dir: join(folder, "aggregator"),
      nats: { servers: [nats.url] },
      ...(options.tenant === undefined ? {} : { tenant: options.tenant }),
      ingest: {
        ...(options.flushInterval === undefined ? {} : { flush_interval: options.flushInterval }),
        ...(options.flushSize === undefined ? {} : { flush_size: options.flushSize }),
      },
    };
    const aggregator = await LapwingProcess.start({
      role: "aggregator",
      name: "aggregator",
      folder,
      config,
    });
    return new BenchWorld({ folder, nats, aggregator });
  }

  private constructor({ folder, nats, aggregator }: Parts) {
    this.folder = folder;
    this.nats = nats;
    this.aggregator = aggregator;
  }

  /** An agent with NATS as its uplink; `command` runs it instead of Bun and the source. */
  async startAgent(
    config: Readonly<Record<string, unknown>>,
    command?: readonly string[],
  ): Promise<LapwingProcess> {
    const agent = await LapwingProcess.start({
      role: "agent",
      name: "agent",
      folder: this.folder,
      config: {
        data_dir: join(this.folder, "agent"),
        nats: { servers: [this.nats.url] },
        ...config,
      },
      ...(command === undefined ? {} : { command }),
    });
    this.#others.push({ end: () => agent.end("SIGKILL") });
    return agent;
  }

  /** A helper process of the benchmark, killed with the world. */
  spawn(command: readonly string[]): Bun.Subprocess<"pipe", "pipe", "inherit"> {
    const child = Bun.spawn([process.execPath, ...command], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const end = async (): Promise<void> => {
      child.kill("SIGKILL");
      await child.exited;
    };
    this.#others.push({ end });
    return child;
  }

  /** Items of a signal in committed blocks, by the loss account. */
  stored(signal: "metrics" | "logs"): Promise<number> {
    return readOwnMetric(this.aggregator.url, "lapwing_account_stored_items", { signal });
  }

  /** Resolves when so many items are committed; throws when for a minute none is. `watch` is called at every look. */
  async waitForStored(
    signal: "metrics" | "logs",
    items: number,
    watch: () => void = () => {},
  ): Promise<void> {
    let [before, movedMs] = [-1, performance.now()];
    for (;;) {
      watch();
      const stored = await this.stored(signal);
      if (stored >= items) return;
      if (stored > before) [before, movedMs] = [stored, performance.now()];
      if (performance.now() - movedMs > 60_000)
        throw new Error(`${stored} of ${items} items stored, and no more for a minute`);
      await Bun.sleep(500);
    }
  }

  /**
   * Series with a sample in the last five minutes, as the aggregator answers: what it counts has arrived. undefined when it refuses: they may be
   * more than a query may read.
   */
  async activeSeries(): Promise<number | undefined> {
    const query = encodeURIComponent('count({__name__=~".+"})');
    const url = new URL(`/api/v1/query?query=${query}`, this.aggregator.url);
    const response = await fetch(url);
    if (!response.ok) return undefined;
    const answer = Answer.parse(await response.json());
    return Number(answer.data.result[0]?.value[1] ?? 0);
  }

  /** The value of a metric that has one series, or undefined while there is none. */
  async valueOf(metric: string): Promise<number | undefined> {
    const url = new URL(`/api/v1/query?query=${metric}`, this.aggregator.url);
    const answer = Answer.parse(await (await fetch(url)).json());
    const [series] = answer.data.result;
    return series === undefined ? undefined : Number(series.value[1]);
  }

  /** Bytes of the Parquet files that lie there now. */
  async blockBytes(): Promise<number> {
    const folder = join(this.folder, "aggregator");
    let bytes = 0;
    for (const name of await readdir(folder, { recursive: true }))
      if (name.endsWith(".parquet")) bytes += (await stat(join(folder, name))).size;
    return bytes;
  }

  async stop(): Promise<void> {
    for (const other of this.#others) await other.end();
    await this.aggregator.end("SIGKILL");
    await this.nats.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Measures a process from now on; call look() now and then for the RSS. */
export class UsageMeter {
  readonly #process: { cpuSeconds(): number; residentBytes(): number };
  readonly #startedAt: number;
  #residentBytes = 0;

  /** `startedAt` is the CPU used before what is measured. */
  constructor(
    measured: { cpuSeconds(): number; residentBytes(): number },
    startedAt = measured.cpuSeconds(),
  ) {
    this.#process = measured;
    this.#startedAt = startedAt;
    this.look();
  }

  look(): void {
    this.#residentBytes = Math.max(this.#residentBytes, this.#process.residentBytes());
  }

  usage(): Usage {
    this.look();
    return {
      cpuSeconds: this.#process.cpuSeconds() - this.#startedAt,
      residentMb: Math.round(this.#residentBytes / 1e5) / 10,
    };
  }
}

/** What else the machine had to do: its load over the last minute, for the reader of a figure. */
export function machineLoad(): number {
  return rounded(loadavg()[0] ?? 0, 2);
}

export function rounded(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}
