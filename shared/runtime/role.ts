import type { Hono } from "hono";
import { messageOf } from "../errors.ts";
import type { Pushes } from "./door/door.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Logger } from "./log.ts";

/** What a process runs: opened already, to be stopped once. */
export type Role = {
  readonly routes: Hono;
  /** Which of the routes are receivers', where there are any. */
  readonly pushes?: Pushes;
  /** Gives the keys that changed and take effect after a restart only. */
  reload(): Promise<readonly string[]>;
  /** Drains: what was taken is made durable. Must end within drainMs. */
  stop(): Promise<void>;
};

export type OpenedRole = {
  readonly role: Role;
  readonly log: Logger;
};

/** After this a stop is cut short: whatever is not written yet lies in a spool or comes again. */
const drainMs = 9_500;

/** Serves HTTP and runs the role until SIGTERM, SIGINT or a request to stop; SIGHUP reloads. Resolves with the exit code. */
export async function runRole({ role, log }: OpenedRole, lifecycle: Lifecycle): Promise<number> {
  log.info("listening", { url: lifecycle.serve(role.routes, role.pushes) });
  const onHangup = () => void reload(role, log);
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => lifecycle.requestStop(signal));
  process.on("SIGHUP", onHangup);
  log.info("stopping", { signal: await lifecycle.stopRequested });
  lifecycle.beginStop();
  const deadline = Promise.withResolvers<"late">();
  const timer = setTimeout(() => deadline.resolve("late"), drainMs);
  const ended = await Promise.race([drain(role, lifecycle, log), deadline.promise]);
  clearTimeout(timer);
  if (ended === "late") log.warn("drain took too long, cut short");
  return ended === "clean" && lifecycle.failure === undefined ? 0 : 1;
}

async function drain(role: Role, lifecycle: Lifecycle, log: Logger): Promise<"clean" | "failed"> {
  try {
    await role.stop();
    await lifecycle.close();
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
