import { OperatingError } from "#shared/errors.ts";

export type ProcessLimits = {
  /** The process is killed after it. */
  readonly timeoutMs: number;
  /** Private memory that it may take beyond its start. */
  readonly memoryBytes: number;
  /** Of its answer; a longer one ends it. */
  readonly answerBytesMax: number;
};

/** The first byte of an answer. */
export const answerKinds = { answer: 0, failure: 1 } as const;

/**
 * Asks a program of ours, which answerOnce() makes, one question in a process of its own. Use it for work of a library that can't be done
 * in pieces. Throws OperatingError: "bad_request" with what the program says, else "unavailable" or "overloaded".
 */
export async function askProcess(
  script: string,
  question: Uint8Array,
  { timeoutMs, memoryBytes, answerBytesMax }: ProcessLimits,
): Promise<Uint8Array> {
  const { execPath, pid } = process;
  const startedMs = performance.now();
  const child = Bun.spawn(
    [execPath, "--smol", "--no-install", script, String(pid), String(memoryBytes)],
    {
      stdin: question,
      stdout: "pipe",
      stderr: "ignore",
      // Nothing of ours: the program needs no secret. Bun is not to send its crashes anywhere.
      env: { BUN_ENABLE_CRASH_REPORTING: "0", DO_NOT_TRACK: "1", LC_ALL: "C" },
      cwd: "/",
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      maxBuffer: answerBytesMax + 1,
    },
  );
  child.unref();
  const [bytes, code] = await Promise.all([new Response(child.stdout).bytes(), child.exited]);
  if (code === 0 && bytes[0] === answerKinds.answer) return bytes.subarray(1);
  if (code === 0 && bytes[0] === answerKinds.failure)
    throw new OperatingError("bad_request", Buffer.from(bytes.subarray(1)).toString());
  if (performance.now() - startedMs >= timeoutMs)
    throw new OperatingError("overloaded", `no answer of a process within ${timeoutMs} ms`);
  const how = child.signalCode === null ? `code ${code}` : `signal ${child.signalCode}`;
  throw new OperatingError(
    "unavailable",
    `a process ended with ${how}: it may need more than the ${memoryBytes} bytes of memory that it has`,
  );
}
