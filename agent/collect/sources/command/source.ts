import { previewBodies } from "../file_logs/preview.ts";
import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { BatchBuilder } from "../file_logs/batch_builder.ts";
import { type SourceContext, defineSource } from "../../source.ts";
import { CommandConfig } from "./config.ts";
import { LineSplitter } from "./line_splitter.ts";
import { signalGroup } from "./signal_group.ts";

/** Between the request to end and the kill. */
const graceMs = 2_000;

/**
 * A command's output, each line a record. What the spool does not take yet is not read, so that the command waits in its pipe. The
 * command is a process group of its own, and ends as a whole.
 */
export const command = defineSource({
  type: "command",
  config: CommandConfig,
  preview: previewBodies,
  async run(config, context) {
    const { clock, signal } = context;
    let waitMs = config.restart_wait;
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      const { isFailure, reason } = await runOnce(config, context);
      if (signal.aborted) return;
      context.log.warn("the command has ended", { reason });
      if (config.restart === "never" || (config.restart === "on_failure" && !isFailure)) {
        context.degraded(isFailure ? reason : undefined);
        await aborted(signal);
        return;
      }
      context.degraded(`${reason}; it is started again`);
      if (clock.monotonic() - startedMs > config.restart_wait_max) waitMs = config.restart_wait;
      await clock.sleep(waitMs, signal);
      waitMs = Math.min(waitMs * 2, config.restart_wait_max);
    }
  },
});

type Ended = { readonly isFailure: boolean; readonly reason: string };

/** Runs the command until it has ended and all of its output is taken, or until the signal. */
async function runOnce(config: CommandConfig, context: SourceContext): Promise<Ended> {
  const [program] = config.command;
  let child;
  try {
    child = Bun.spawn(config.command, {
      cwd: config.working_directory,
      env: { ...process.env, ...config.env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: config.include_stderr ? "pipe" : "ignore",
      detached: true,
    });
  } catch (thrown) {
    return { isFailure: true, reason: `can't run ${program}: ${messageOf(thrown)}` };
  }
  const { pid } = child;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    signalGroup(pid, "SIGTERM");
    timer = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
  };
  context.signal.addEventListener("abort", stop, { once: true });
  if (context.signal.aborted) stop();
  try {
    context.degraded(undefined);
    await Promise.all([
      takeLines(child.stdout, "stdout", config, context),
      ...(child.stderr === undefined ? [] : [takeLines(child.stderr, "stderr", config, context)]),
    ]);
    const code = await child.exited;
    const how = child.signalCode === null ? `with ${code}` : `by ${child.signalCode}`;
    return { isFailure: code !== 0, reason: `${program} ended ${how}` };
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener("abort", stop);
    // Whatever of its group is left does not outlive it.
    signalGroup(pid, "SIGKILL");
    await child.exited;
  }
}

async function takeLines(
  output: AsyncIterable<Uint8Array>,
  stream: string,
  config: CommandConfig,
  context: SourceContext,
): Promise<void> {
  const builder = new BatchBuilder(context.clock);
  const splitter = new LineSplitter(config.line_size_max);
  const labels: Labels = { job: config.job, host: context.hostname, stream, ...config.labels };
  const flush = async () => {
    if (builder.records > 0) await context.emitLogs(builder.take());
  };
  const add = async ({ line, cut }: { line: Buffer; cut: boolean }) => {
    if (!builder.hasRoom(line.length)) await flush();
    if (cut) context.truncated?.("logs", 1);
    builder.add(labels, line, 0, line.length, cut);
  };
  for await (const chunk of output) {
    builder.readAt();
    for (const line of splitter.push(chunk)) await add(line);
    await flush();
  }
  const rest = splitter.rest();
  if (rest !== undefined) await add(rest);
  await flush();
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
