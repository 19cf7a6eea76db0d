import { type BuiltInSignal, PerSignal } from "#shared/signals.ts";
import { storedLogs } from "./stored_logs.ts";
import { storedMetrics } from "./stored_metrics.ts";
import type { StoredSignal, StoredSignals } from "./stored_signal.ts";

const builtIn: Readonly<Record<BuiltInSignal, StoredSignal>> = {
  metrics: storedMetrics,
  logs: storedLogs,
};

/** The built-in signals and others. */
export function storedSignals(added: readonly StoredSignal[] = []): StoredSignals {
  return PerSignal.of(
    builtIn,
    added.map((signal) => [signal.descriptor.name, signal]),
  );
}
