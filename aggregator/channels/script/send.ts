import type { Channel } from "../channel.ts";
import { SendFailure, attempt } from "../failure.ts";
import { messageData } from "../message_data.ts";
import { ScriptConfig } from "./schema.ts";

/** What is read of the program's output; a program that writes more is ended. */
const outputBytesMax = 64 * 1_024;
/** As `sysexits.h` has it: try again later. */
const tryAgainCode = 75;

/** Runs a program with the notification as JSON on its standard input. Code 0 is success, 75 asks for another attempt. */
export const script: Channel<ScriptConfig> = {
  name: "script",
  title: "Script",
  schema: ScriptConfig,
  complete: (config) => ({ config, mistakes: [] }),
  sendsResolved: (config) => config.send_resolved,
  send: (config, notification, parts, signal) =>
    attempt(async () => {
      if (parts.areScriptsAllowed !== true)
        throw new SendFailure("scripts are off: set alertmanager.scripts to true", {
          reason: "clientError",
          isRetried: false,
        });
      const [program = "", ...rest] = config.command;
      const { text } = parts.textsOf(notification);
      const command = [program, ...rest.map((argument) => text(argument))];
      const input = JSON.stringify(messageData(notification, 0, "4"));
      const ending = AbortSignal.any([signal, AbortSignal.timeout(config.timeout)]);
      return { answer: await run(command, input, ending) };
    }),
};

async function run(command: string[], input: string, signal: AbortSignal): Promise<string> {
  let child;
  try {
    child = Bun.spawn(command, {
      stdin: new Blob([input]),
      stdout: "pipe",
      stderr: "pipe",
      env: { PATH: process.env["PATH"] ?? "" },
      signal,
      killSignal: "SIGKILL",
    });
  } catch (cause) {
    throw new SendFailure(
      `can't start ${command[0] ?? ""}`,
      { reason: "other", isRetried: false },
      { cause },
    );
  }
  const kill = () => child.kill("SIGKILL");
  const [output, errors] = await Promise.all([
    readUpTo(child.stdout, kill),
    readUpTo(child.stderr, kill),
  ]);
  const code = await child.exited;
  if (signal.aborted)
    throw new SendFailure("the program did not end in time", {
      reason: "contextDeadlineExceeded",
      isRetried: true,
    });
  if (code === 0) return output;
  throw new SendFailure(`the program ended with ${code}: ${errors.trim()}`, {
    reason: "other",
    isRetried: code === tryAgainCode,
  });
}

async function readUpTo(stream: ReadableStream<Uint8Array>, kill: () => void): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length < outputBytesMax) continue;
    kill();
    break;
  }
  return Buffer.concat(chunks).subarray(0, outputBytesMax).toString("utf8");
}
