import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import type { NatsServer } from "#test/support/nats.ts";
import { startNats } from "#test/support/nats.ts";
import { NumberedExporter, NumberedLines } from "#test/support/numbered.ts";
import { TcpProxy } from "#test/support/tcp_proxy.ts";
import { AggregatorHost } from "./aggregator_host.ts";
import type { Span } from "./explain_samples.ts";
import { localStores, postgresS3Stores, type Stores } from "./stores.ts";

const agentNames = ["a1", "a2", "a3"] as const;
const linesPerSecond = 300;
const expiredMs = 40 * 86_400_000;
const expiredLines = 50;

/** One host: an agent process, what it scrapes and what it tails. */
export type Host = {
  readonly name: string;
  readonly exporter: NumberedExporter;
  readonly lines: NumberedLines;
  /** Between agent and NATS. */
  readonly proxy: TcpProxy;
  process: LapwingProcess;
  /** By when each process that was killed was gone, Unix ms. */
  readonly goneMs: number[];
  /** While its disk was full. */
  readonly full: Span[];
  /** Numbers that its exporter had given out when the writing stopped: the audit asks for these. */
  asked: number;
  /** Lines that were taken with a time past their retention. */
  expired: number;
};

/** Three hosts, a nats-server and an aggregator, all real processes; everything is gone after stop(). */
export class World {
  readonly folder: string;
  readonly nats: NatsServer;
  readonly hosts: Host[] = [];
  /** Between aggregator and NATS. */
  readonly proxy: TcpProxy;
  readonly stores: Stores;
  readonly aggregator: AggregatorHost;
  readonly hasSmallDisks: boolean;
  #mounts: string[];

  static async start(kind: Stores["kind"] = "local"): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "lapwing-chaos-"));
    const mounts = mountSmallDisks(folder);
    const nats = await startNats();
    const proxy = await TcpProxy.start(nats.port);
    const stores = kind === "local" ? localStores(folder) : await postgresS3Stores();
    const aggregator = await AggregatorHost.start(folder, proxy.port, stores);
    const world = new World(folder, nats, proxy, { aggregator, stores }, mounts);
    for (const name of agentNames) world.hosts.push(await startHost(name, folder, nats.port));
    for (const { lines } of world.hosts) lines.start(linesPerSecond);
    return world;
  }

  private constructor(
    folder: string,
    nats: NatsServer,
    proxy: TcpProxy,
    { aggregator, stores }: { readonly aggregator: AggregatorHost; readonly stores: Stores },
    mounts: string[],
  ) {
    this.folder = folder;
    this.nats = nats;
    this.proxy = proxy;
    this.aggregator = aggregator;
    this.stores = stores;
    this.hasSmallDisks = mounts.length > 0;
    this.#mounts = mounts;
  }

  async killAgent(host: Host, downMs: number): Promise<void> {
    await host.process.end("SIGKILL");
    host.goneMs.push(Date.now());
    await Bun.sleep(downMs);
    host.process = await startAgent(host.name, this.folder, host.exporter, host.proxy.port);
  }

  /** Log lines past their retention: stored, and removed by the next round of maintenance, in which the aggregator may be killed. */
  async pushExpired(host: Host): Promise<void> {
    const time = new Date(Date.now() - expiredMs).toISOString();
    const records = Array.from({ length: expiredLines }, (_, i) =>
      JSON.stringify({ time, message: `${host.name} expired ${host.expired + i}` }),
    );
    const url = new URL("/api/v1/monitoring/logs?labels=job=expired", host.process.url);
    const answer = await fetch(url, { method: "POST", body: records.join("\n") });
    if (answer.ok) host.expired += expiredLines;
    else if (answer.status !== 503)
      throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  }

  async killNats(downMs: number, removeData: boolean): Promise<void> {
    await this.nats.kill();
    if (removeData) await this.nats.removeData();
    await Bun.sleep(downMs);
    await this.nats.start();
  }

  /** Neither exporters nor proxies answer meanwhile: they live in this process. What is asked is answered late, and nobody may listen. */
  stallTargets(forMs: number): void {
    Bun.sleepSync(forMs);
  }

  /** Stops a process and lets it go on: to itself time has jumped. */
  async stall(process: LapwingProcess, forMs: number): Promise<void> {
    process.pause();
    await Bun.sleep(forMs);
    process.resume();
  }

  async cut(proxy: TcpProxy, downMs: number): Promise<void> {
    proxy.cut();
    await Bun.sleep(downMs);
    proxy.mend();
  }

  /** Fills the small disk under an agent's spool or the aggregator's store to the last byte. */
  async fillDisk(who: Host | "aggregator", fullForMs: number): Promise<void> {
    const disk = join(this.folder, who === "aggregator" ? "aggregator" : who.name);
    const filler = join(disk, "filler");
    const fromMs = Date.now();
    fillUp(disk, filler);
    await Bun.sleep(fullForMs);
    rmSync(filler);
    if (who !== "aggregator") who.full.push({ fromMs, toMs: Date.now() });
  }

  /** No more lines; the exporters stay, so that targets end by themselves and not by our stop. */
  stopWriting(): void {
    for (const host of this.hosts) {
      host.lines.stop();
      host.asked = host.exporter.servedMs.length;
    }
  }

  async stop(): Promise<void> {
    await this.aggregator.process.end("SIGKILL");
    await this.stores.stop();
    for (const host of this.hosts) {
      await host.process.end("SIGKILL");
      await host.exporter.stop();
      await host.proxy.stop();
    }
    await this.proxy.stop();
    await this.nats.stop();
    for (const mount of this.#mounts) Bun.spawnSync(["umount", "-l", mount]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function startHost(name: string, folder: string, natsPort: number): Promise<Host> {
  const exporter = new NumberedExporter(name);
  mkdirSync(join(folder, "logs", name), { recursive: true });
  const lines = new NumberedLines(join(folder, "logs", name, "app.log"), name);
  const proxy = await TcpProxy.start(natsPort);
  const process = await startAgent(name, folder, exporter, proxy.port);
  return { name, exporter, lines, proxy, process, goneMs: [], full: [], asked: 0, expired: 0 };
}

function startAgent(
  name: string,
  folder: string,
  exporter: NumberedExporter,
  natsPort: number,
): Promise<LapwingProcess> {
  const paths = [join(folder, "logs", name, "app.log")];
  const config = {
    data_dir: join(folder, name),
    agent: { name },
    nats: {
      servers: [`nats://127.0.0.1:${natsPort}`],
      reconnect_wait: "100ms",
      reconnect_wait_max: "1s",
    },
    // What is a short break elsewhere is an outage here: what is new goes ahead, and the rest comes slowly beside it.
    uplink: { backlog_after: "500ms", backlog_rate: "64KiB" },
    sources: [{ type: "file_logs", paths, start_at: "beginning" }],
    scrape_configs: [
      {
        job_name: "chaos",
        scrape_interval: "500ms",
        scrape_timeout: "500ms",
        static_configs: [{ targets: [exporter.target] }],
      },
    ],
    // Small segments, so that epochs end while processes die.
    spool: { segment_size: "64KiB", size_max: "64MiB", epoch_age: "10s" },
  };
  return LapwingProcess.start({ role: "agent", name, folder, config });
}

/** Small disks of memory under the aggregator and one agent, where we may mount; none elsewhere. */
function mountSmallDisks(folder: string): string[] {
  const mounts: string[] = [];
  for (const [name, size] of [
    ["aggregator", "192m"],
    ["a2", "96m"],
  ] as const) {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    const mount = ["mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path];
    if (process.getuid?.() === 0 && Bun.spawnSync(mount).exitCode === 0) mounts.push(path);
  }
  return mounts.length === 2 ? mounts : [];
}

function fillUp(disk: string, filler: string): void {
  const { bavail, bsize } = statfsSync(disk);
  try {
    writeFileSync(filler, new Uint8Array(bavail * bsize + 1));
  } catch {
    // It is meant not to fit: what could be written stays, and the disk is full.
  }
}
