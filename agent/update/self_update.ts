import type { Clock } from "#shared/runtime/clock.ts";
import type { Lifecycle } from "#shared/runtime/lifecycle.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { SelfUpdateConfig } from "./config.ts";
import { type Launched, replaceBy } from "./launcher.ts";
import { platformOf } from "./platform.ts";
import { Updater } from "./updater.ts";

/** The part of an agent's process that brings it up to date. */
export function openUpdater(
  launched: Launched,
  parts: {
    readonly config: SelfUpdateConfig;
    readonly clock: Clock;
    readonly log: Logger;
    readonly metrics: SelfMetrics;
    readonly lifecycle: Lifecycle;
    readonly troubles: () => readonly string[];
  },
): Updater | undefined {
  const platform = platformOf();
  if (platform === undefined) return undefined;
  const { lifecycle, ...shared } = parts;
  const restart = () => restartInPlace(lifecycle, launched.launcher, shared.log);
  return new Updater({ ...shared, launched, platform, restart });
}

/**
 * Drains as a stop does; then the installed program takes this process's place, so that it takes no supervisor. Whoever stops the agent
 * meanwhile is obeyed.
 */
function restartInPlace(lifecycle: Lifecycle, launcher: string, log: Logger): void {
  const replace = (): void => {
    try {
      replaceBy(launcher);
    } catch {
      // It ends, and whoever watches over it starts it again.
    }
  };
  const obey = (): void => void process.off("exit", replace);
  process.on("exit", replace);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, obey);
  log.info("stopping for another release");
  lifecycle.requestStop("update");
}
