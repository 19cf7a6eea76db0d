import type { Hono } from "hono";
import { OperatingError, messageOf } from "../errors.ts";
import type { ListenAddress } from "./base_config.ts";
import type { Logger } from "./log.ts";

/** What a process runs: opened already, to be stopped once. */
export type Role = {
  readonly routes: Hono;
  reload(): Promise<void>;
  /** Drains: what was taken is made durable. Must end within drainMs. */
  stop(): Promise<void>;
};

export type OpenedRole = {
  readonly role: Role;
  readonly listen: ListenAddress;
  readonly log: Logger;
};

/** After this a stop is cut short: whatever is not written yet lies in a spool or comes again. */
const drainMs = 9_500;
/** Answers of long queries may take this long without a byte. */
const idleTimeoutSeconds = 255;

/** Serves HTTP and runs the role until SIGTERM or SIGINT; SIGHUP reloads. Resolves with the exit code. */
export async function runRole(role: Role, listen: ListenAddress, log: Logger): Promise<number> {
  const server = serve(role.routes, listen);
  log.info("listening", { url: server.url.href });
  const stopped = Promise.withResolvers<string>();
  const onHangup = () => void reload(role, log);
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => stopped.resolve(signal));
  process.on("SIGHUP", onHangup);
  log.info("stopping", { signal: await stopped.promise });
  const deadline = Promise.withResolvers<"late">();
  const timer = setTimeout(() => deadline.resolve("late"), drainMs);
  const ended = await Promise.race([drain(role, server, log), deadline.promise]);
  clearTimeout(timer);
  if (ended === "late") log.warn("drain took too long, cut short");
  return ended === "clean" ? 0 : 1;
}

function serve(routes: Hono, listen: ListenAddress) {
  try {
    return Bun.serve({
      ...listen,
      idleTimeout: idleTimeoutSeconds,
      fetch: (request, server) => routes.fetch(request, { server }),
    });
  } catch (cause) {
    const where = `${listen.hostname}:${listen.port}`;
    const message = `cannot listen on ${where} (${messageOf(cause)}): choose another by --listen`;
    throw new OperatingError("unavailable", message, { cause });
  }
}

async function drain(
  role: Role,
  server: { stop(closeActive: boolean): Promise<void> },
  log: Logger,
): Promise<"clean" | "failed"> {
  try {
    await role.stop();
    await server.stop(true);
    log.info("stopped");
    return "clean";
  } catch (thrown) {
    log.error("stop failed", { error: messageOf(thrown) });
    return "failed";
  }
}

async function reload(role: Role, log: Logger): Promise<void> {
  try {
    await role.reload();
  } catch (thrown) {
    log.error("configuration not reloaded", { error: messageOf(thrown) });
  }
}
