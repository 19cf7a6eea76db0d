import { OperatingError, messageOf } from "#shared/errors.ts";
import { signalGroup } from "../collect/sources/command/signal_group.ts";

/** Where programs are looked for; the agent's own variables are not handed on. */
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const stderrBytesMax = 4_096;
/** How long output may still come after the program has ended, from a child that went its own way. */
const restMs = 250;

export type ProgramOrder = {
  readonly command: readonly [string, ...string[]];
  /** Beside PATH and LC_ALL=C, all that the program gets. */
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** Its standard input; none where absent. */
  readonly input?: Uint8Array;
  /** Standard output beyond it ends the program. */
  readonly outputBytesMax: number;
  /** Ends the program at once, with all of its group. */
  readonly signal: AbortSignal;
};

export type ProgramEnd = {
  /** Exit code; 128 and more where a signal ended it, as shells count. */
  readonly code: number;
  readonly stdout: Uint8Array;
  /** The first 4 KiB. */
  readonly stderr: string;
};

/**
 * Runs a program to its end, in a process group of its own that ends with it, and with a clean environment. Throws OperatingError: "not_found" where
 * it can't be started, "timeout" after an abort, "overloaded" where it writes too much.
 */
export async function runProgram(order: ProgramOrder): Promise<ProgramEnd> {
  const { command, signal } = order;
  signal.throwIfAborted();
  const [program] = command;
  const child = start(order);
  const { pid } = child;
  const end = () => signalGroup(pid, "SIGKILL");
  signal.addEventListener("abort", end, { once: true });
  const output = new BoundedOutput(order.outputBytesMax, end);
  const errors = new BoundedOutput(stderrBytesMax, () => {});
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const read = Promise.all([output.take(child.stdout), errors.take(child.stderr)]);
    const code = await child.exited;
    // Its children would keep the pipes open.
    end();
    await Promise.race([read, new Promise((resolve) => (timer = setTimeout(resolve, restMs)))]);
    output.stop();
    errors.stop();
    if (signal.aborted) throw new OperatingError("timeout", `${program} did not end in time`);
    if (output.isFull)
      throw new OperatingError(
        "overloaded",
        `${program} wrote more than ${order.outputBytesMax} bytes`,
      );
    return { code, stdout: output.bytes(), stderr: Buffer.from(errors.bytes()).toString() };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    end();
  }
}

function start({ command, env, workingDirectory, input }: ProgramOrder) {
  try {
    return Bun.spawn([...command], {
      cwd: workingDirectory ?? "/",
      env: { PATH: usualPath, LC_ALL: "C", ...env },
      stdin: input ?? "ignore",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
  } catch (thrown) {
    throw new OperatingError("not_found", `can't run ${command[0]}: ${messageOf(thrown)}`);
  }
}

/** The start of a stream; the rest is read and thrown away, so that nobody waits in a full pipe. */
class BoundedOutput {
  readonly #bytesMax: number;
  readonly #full: () => void;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  isFull = false;

  constructor(bytesMax: number, full: () => void) {
    this.#bytesMax = bytesMax;
    this.#full = full;
  }

  async take(stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = stream.getReader();
    this.#reader = reader;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const room = this.#bytesMax - this.#length;
      if (value.length > room && !this.isFull) {
        this.isFull = true;
        this.#full();
      }
      if (room <= 0) continue;
      const part = value.subarray(0, room);
      this.#chunks.push(part);
      this.#length += part.length;
    }
  }

  stop(): void {
    void this.#reader?.cancel().catch(() => {});
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}
