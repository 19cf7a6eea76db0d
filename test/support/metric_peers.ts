import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostSeries } from "./node_hosts.ts";
import { processCpuSeconds, processPeakBytes, processResidentBytes } from "./lapwing_process.ts";
import { remoteWriteBody } from "./remote_write_body.ts";
import { freePort } from "./free_port.ts";

const startMaxMs = 30_000;
/** Another process may take the port that was free a moment ago. */
const startTries = 5;
const binaries = { prometheus: "prometheus", victoriametrics: "victoria-metrics" } as const;

export type PeerName = keyof typeof binaries;

/** Whether Debian's package is installed. */
export function hasPeer(name: PeerName): boolean {
  return Bun.which(binaries[name]) !== null;
}

/** A Prometheus or VictoriaMetrics of Debian, empty at first, in a folder of its own; it takes remote writes. */
export class MetricPeer {
  readonly url: string;
  readonly folder: string;
  readonly #arguments: readonly string[];
  #child: Bun.Subprocess | undefined;

  /** `rules`: a file of rules for a Prometheus, evaluated every 15 s. */
  static async start(name: PeerName, { rules }: { rules?: string } = {}): Promise<MetricPeer> {
    for (let tries = 1; ; tries++) {
      const peer = await MetricPeer.#prepare(name, rules);
      try {
        await peer.restart();
        return peer;
      } catch (error) {
        await peer.stop();
        if (tries === startTries) throw error;
      }
    }
  }

  static async #prepare(name: PeerName, rules: string | undefined): Promise<MetricPeer> {
    const folder = await mkdtemp(join(tmpdir(), `lapwing-${name}-`));
    const port = await freePort();
    const data = join(folder, "data");
    const config = join(folder, "empty.yml");
    const given = rules === undefined ? {} : { rule_files: [rules] };
    await writeFile(config, JSON.stringify({ global: { evaluation_interval: "15s" }, ...given }));
    const listen = `127.0.0.1:${port}`;
    const flags = {
      prometheus: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${data}`,
        "--storage.tsdb.retention.time=365d",
        `--web.listen-address=${listen}`,
        "--web.enable-remote-write-receiver",
        "--web.enable-admin-api",
        "--web.enable-lifecycle",
        "--log.level=error",
      ],
      victoriametrics: [
        `-storageDataPath=${data}`,
        `-httpListenAddr=${listen}`,
        "-retentionPeriod=12",
        "-search.latencyOffset=0s",
        "-loggerLevel=ERROR",
      ],
    } as const;
    return new MetricPeer(`http://${listen}`, folder, [binaries[name], ...flags[name]]);
  }

  private constructor(url: string, folder: string, commandLine: readonly string[]) {
    this.url = url;
    this.folder = folder;
    this.#arguments = commandLine;
  }

  /** Ends it as a service manager does, which writes everything to disk, and starts it again. */
  async restart(): Promise<void> {
    await this.#end();
    const child = Bun.spawn([...this.#arguments], { stdout: "ignore", stderr: "pipe" });
    this.#child = child;
    const said = new Response(child.stderr).text();
    const deadline = performance.now() + startMaxMs;
    while (child.exitCode === null) {
      try {
        const signal = AbortSignal.timeout(5_000);
        if ((await fetch(`${this.url}/api/v1/query?query=1`, { signal })).ok) return;
      } catch {
        // Not listening yet.
      }
      if (performance.now() > deadline) throw new Error(`${this.url} does not answer`);
      await Bun.sleep(50);
    }
    throw new Error(`${this.#arguments[0]} ended with ${child.exitCode}: ${await said}`);
  }

  async write(series: readonly HostSeries[]): Promise<void> {
    const answer = await fetch(`${this.url}/api/v1/write`, {
      method: "POST",
      headers: {
        "content-type": "application/x-protobuf",
        "content-encoding": "snappy",
        "x-prometheus-remote-write-version": "0.1.0",
      },
      body: remoteWriteBody(series),
    });
    if (!answer.ok) throw new Error(`remote write: ${answer.status} ${await answer.text()}`);
  }

  /** User and system CPU seconds used since it was started last. */
  cpuSeconds(): number {
    return processCpuSeconds(this.#child?.pid ?? 0);
  }

  residentBytes(): number {
    return processResidentBytes(this.#child?.pid ?? 0);
  }

  /** The largest RSS since it was started last. */
  peakBytes(): number {
    return processPeakBytes(this.#child?.pid ?? 0);
  }

  /** Bytes of its files under a folder whose name is or is not told by `wanted`. */
  async bytes(wanted: (path: string) => boolean = () => true): Promise<number> {
    let bytes = 0;
    const data = join(this.folder, "data");
    for (const name of await readdir(data, { recursive: true })) {
      const found = await stat(join(data, name));
      if (found.isFile() && wanted(name)) bytes += found.size;
    }
    return bytes;
  }

  async stop(): Promise<void> {
    await this.#end();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #end(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#child?.exited;
  }
}
