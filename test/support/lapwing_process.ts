import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { transpiled } from "./transpiled.ts";

const root = join(import.meta.dir, "..", "..");
const startTimeoutMs = 30_000;

/** A lapwing process of ours, with its configuration and log in `folder`. */
export class LapwingProcess {
  readonly url: string;
  readonly #child: Bun.Subprocess<"ignore", "ignore", "pipe">;

  /** Starts a role and waits until it listens. The log is appended to `<name>.log`, also over restarts. */
  static async start(options: {
    readonly role: "up" | "agent" | "aggregator";
    readonly name: string;
    readonly folder: string;
    readonly config: Readonly<Record<string, unknown>>;
    /** Instead of Bun and the source: a compiled binary. */
    readonly command?: readonly string[];
    /** Beside PATH and HOME. */
    readonly env?: Readonly<Record<string, string>>;
  }): Promise<LapwingProcess> {
    const { role, name, folder } = options;
    const file = join(folder, `${name}.yaml`);
    const { integrations = {}, ...config } = options.config;
    // What else runs on this machine is no part of a test, unless it asks for it.
    const found = { detect: false, ...z.record(z.string(), z.unknown()).parse(integrations) };
    const given = role === "aggregator" ? {} : { integrations: found };
    writeFileSync(file, stringify({ listen: "127.0.0.1:0", ...given, ...config }));
    const command = options.command ?? [process.execPath, join(root, "lapwing.ts"), role];
    const child = Bun.spawn([...command, "--config", file], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      env: { PATH: process.env.PATH ?? "", HOME: folder, ...transpiled, ...options.env },
    });
    const listening = Promise.withResolvers<string>();
    void follow(child.stderr, join(folder, `${name}.log`), listening);
    const timer = setTimeout(() => listening.reject(new Error(`${name} is late`)), startTimeoutMs);
    try {
      return new LapwingProcess(child, await listening.promise);
    } catch (thrown) {
      child.kill("SIGKILL");
      await child.exited;
      throw thrown;
    } finally {
      clearTimeout(timer);
    }
  }

  private constructor(child: Bun.Subprocess<"ignore", "ignore", "pipe">, url: string) {
    this.#child = child;
    this.url = url;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Sends a signal and waits for the end; gives the exit code, or null when the signal ended it. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    this.#child.kill(signal);
    await this.#child.exited;
    return this.#child.exitCode;
  }

  /** The process stands still until resume(). */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** Waits until it ends by itself; gives the exit code. */
  exited(): Promise<number> {
    return this.#child.exited;
  }

  /** User and system CPU seconds used so far. */
  cpuSeconds(): number {
    return processCpuSeconds(this.pid);
  }

  residentBytes(): number {
    return processResidentBytes(this.pid);
  }

  peakBytes(): number {
    return processPeakBytes(this.pid);
  }
}

async function follow(
  stream: ReadableStream<Uint8Array>,
  logFile: string,
  listening: PromiseWithResolvers<string>,
): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    const piece = decoder.decode(chunk, { stream: true });
    appendFileSync(logFile, piece);
    if (text.length > 100_000) continue;
    text += piece;
    const url = /"url":"([^"]+)","msg":"listening"/.exec(text)?.[1];
    if (url !== undefined) listening.resolve(url);
  }
  listening.reject(new Error(`ended before it listened:\n${text.slice(-2_000)}`));
}

/** From /proc/PID/stat: fields 14 and 15, in ticks of 10 ms. */
export function processCpuSeconds(pid: number): number {
  const stat = readText(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function processResidentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`))?.[1]) * 1_024;
}

/** The largest RSS of its life so far, in bytes: the kernel's VmHWM. */
export function processPeakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`))?.[1]) * 1_024;
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}
