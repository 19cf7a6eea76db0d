import { OperatingError, messageOf } from "#shared/errors.ts";
import type { OpenInstance } from "../integration.ts";
import { type PostfixConfig, usualConfigDirectory } from "./config.ts";
import { QueueListing } from "./queue_listing.ts";

const stderrCharactersMax = 4_096;

/**
 * Asks by Postfix's own `postqueue -j`, which everyone may run. Its showq socket would need a right of the group postdrop; and it writes and hangs up
 * so fast that Bun takes the connection for one that failed.
 */
export const openPostfix: OpenInstance<PostfixConfig> = ({ config_directory: folder }) => ({
  async collect(sink, { timestampMs, signal }) {
    signal.throwIfAborted();
    const listing = new QueueListing(timestampMs);
    const program = start(folder, signal);
    const [errors, code] = await Promise.all([
      beginningOf(program.stderr),
      program.exited,
      listing.read(program.stdout),
    ]);
    if (signal.aborted) throw new OperatingError("timeout", "the queue was not listed in time");
    // Root gets a listing without a running Postfix, too.
    if (code !== 0 || /mail system is down/i.test(errors))
      throw new OperatingError(
        "unavailable",
        `postqueue ended with ${code}: ${errors.trim().split("\n", 1)[0]?.slice(0, 200)}`,
      );
    listing.addTo(sink);
  },
});

function start(folder: string, signal: AbortSignal) {
  const where = folder === usualConfigDirectory ? [] : ["-c", folder];
  try {
    return Bun.spawn(["postqueue", ...where, "-j"], {
      cwd: "/",
      env: { PATH: "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/sbin:/bin", LC_ALL: "C" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      signal,
      killSignal: "SIGKILL",
    });
  } catch (thrown) {
    throw new OperatingError("not_found", `can't run postqueue: ${messageOf(thrown)}`);
  }
}

/** All is read, so that the program can't wait for it. */
async function beginningOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream)
    if (text.length < stderrCharactersMax) text += decoder.decode(chunk, { stream: true });
  return text;
}
