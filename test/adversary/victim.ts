import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "#test/support/free_port.ts";
import { LapwingProcess, processResidentBytes } from "#test/support/lapwing_process.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";
import type { Victim } from "./attack.ts";

export type VictimSize = { readonly series: number; readonly lines: number };

const linesInPush = 5_000;
const seriesInPush = 5_000;
const sampleEveryMs = 25;

/** A `lapwing up` of a checkout, loaded with series and lines, whose memory is watched. */
export class RunningVictim implements Victim {
  readonly url: string;
  readonly syslogTcpPort: number;
  readonly gelfUdpPort: number;
  readonly targetsFile: string;
  readonly #folder: string;
  readonly #process: LapwingProcess;
  readonly #timer: ReturnType<typeof setInterval>;
  #peakBytes = 0;
  #isKilled = false;
  #isStopping = false;

  /** `checkout`: the folder of the code that is attacked. */
  static async start(checkout: string, size: VictimSize): Promise<RunningVictim> {
    const folder = await mkdtemp(join(tmpdir(), "lapwing-adversary-"));
    const targetsFile = join(folder, "targets.json");
    await writeFile(targetsFile, "[]");
    const ports = { syslog: await freePort(), gelf: await freePort() };
    const running = await LapwingProcess.start({
      role: "up",
      name: "up",
      folder,
      command: [process.execPath, join(checkout, "lapwing.ts"), "up"],
      config: {
        data_dir: join(folder, "data"),
        sources: [],
        // What is asked for lies in blocks, without a long wait for them.
        ingest: { flush_interval: "2s" },
        receivers: {
          syslog: { tcp_listen: `127.0.0.1:${ports.syslog}` },
          gelf: { udp_listen: `127.0.0.1:${ports.gelf}` },
        },
        scrape_configs: [
          {
            job_name: "hostile",
            scrape_interval: "5s",
            scrape_timeout: "4s",
            file_sd_configs: [{ files: [targetsFile], refresh_interval: "1s" }],
          },
        ],
      },
    });
    const victim = new RunningVictim(folder, running, ports, targetsFile);
    await victim.#load(size);
    return victim;
  }

  private constructor(
    folder: string,
    running: LapwingProcess,
    ports: { readonly syslog: number; readonly gelf: number },
    targetsFile: string,
  ) {
    this.#folder = folder;
    this.#process = running;
    this.url = running.url;
    this.syslogTcpPort = ports.syslog;
    this.gelfUdpPort = ports.gelf;
    this.targetsFile = targetsFile;
    this.#timer = setInterval(() => this.#look(), sampleEveryMs);
    void running.exited().then(() => (this.#isKilled = !this.#isStopping));
  }

  get pid(): number {
    return this.#process.pid;
  }
  /** It ended by itself, or the kernel ended it. */
  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** Largest memory of the process and its children since the last call, in MB. */
  takePeakMb(): number {
    this.#look();
    const peakMb = Math.round(this.#peakBytes / 1e6);
    this.#peakBytes = 0;
    return peakMb;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#timer);
    if (!this.#isKilled) await this.#process.end("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }

  #look(): void {
    this.#peakBytes = Math.max(this.#peakBytes, treeBytes(this.#process.pid));
  }

  async #load({ series, lines }: VictimSize): Promise<void> {
    for (let at = 0; at < series; at += seriesInPush) {
      const rows = Array.from(
        { length: Math.min(seriesInPush, series - at) },
        (_, i) => `victim,i=${at + i} series=${at + i}`,
      );
      await this.#push("write", "text/plain", rows.join("\n"));
    }
    for (let at = 0; at < lines; at += linesInPush) {
      const startMs = Date.now();
      const values = Array.from({ length: Math.min(linesInPush, lines - at) }, (_, i) => [
        `${startMs}${String(i).padStart(6, "0")}`,
        JSON.stringify({ n: at + i, level: "info", text: `request ${at + i} of a client took ms` }),
      ]);
      const streams = [{ stream: { job: "victim" }, values }];
      await this.#push("loki/api/v1/push", "application/json", JSON.stringify({ streams }));
    }
    while (
      (await readOwnMetric(this.url, "lapwing_account_stored_items", { signal: "logs" })) < lines
    )
      await Bun.sleep(250);
  }

  async #push(path: string, type: string, body: string): Promise<void> {
    const headers = { "content-type": type };
    const response = await fetch(this.url + path, { method: "POST", headers, body });
    if (response.status !== 204) throw new Error(`${path}: ${await response.text()}`);
  }
}

/** Resident bytes of a process and of all below it. */
function treeBytes(pid: number): number {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")
        .split(" ")
        .filter((text) => text !== ""),
    );
    // A child that has ended and is not yet waited for has no memory.
    const own = processResidentBytes(pid) || 0;
    const command = commandOf(pid);
    return children
      .filter((child) => commandOf(Number(child)) !== command)
      .reduce((sum, child) => sum + treeBytes(Number(child)), own);
  } catch {
    // It ended meanwhile.
    return 0;
  }
}

/** A child that has not yet become another program (vfork(2)) has its parent's, and its memory: that is counted once. */
function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8");
}
