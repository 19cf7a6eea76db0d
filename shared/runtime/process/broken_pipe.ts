/**
 * Lets a command end quietly when the reader of its output goes away, as in `lapwing ... | head`. A process that serves goes on: its
 * output is not what it runs for.
 */
export function ignoreBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error) => {
      if (!isBrokenPipe(error)) throw error;
    });
}

/** Whether an error, or what caused it, is that the reader of an output is gone. */
export function isBrokenPipe(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("code" in error && error.code === "EPIPE") || isBrokenPipe(error.cause);
}
