import { OperatingError } from "#shared/errors.ts";
import { runProgram } from "../../integrations/run_program.ts";
import type { ScriptConfig } from "../config.ts";
import type { Send } from "./notifier.ts";

const outputBytesMax = 64 * 1_024;
const reasonMax = 200;

/** Runs the program with the message on its standard input; 0 is success. */
export function scriptSend({ command, env, timeout }: ScriptConfig): Send {
  return async (body, signal) => {
    const { code, stderr } = await runProgram({
      command,
      env,
      input: Buffer.from(`${body}\n`),
      outputBytesMax,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
    if (code === 0) return;
    const [line = ""] = stderr.trim().split("\n");
    const words = line === "" ? "" : `: ${line.slice(0, reasonMax)}`;
    throw new OperatingError("unavailable", `ended with ${code}${words}`);
  };
}
