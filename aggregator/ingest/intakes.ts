// Hot: guarded by `bench ingest`.
import { decodeLogs } from "#proto/codec/logs.ts";
import { createMetricsDecoder } from "#proto/codec/metrics.ts";
import { OperatingError } from "#shared/errors.ts";
import {
  type BuiltInSignal,
  type Signal,
  type Signals,
  signalOf,
  signalsWith,
} from "#shared/signals.ts";
import type { Head } from "../read/head.ts";
import type { Intake } from "../read/intake.ts";

const intakes: Readonly<Record<BuiltInSignal, (head: Head) => Intake>> = {
  metrics: (head) => ({
    newDecoder() {
      const decoder = createMetricsDecoder();
      return {
        decode(frame) {
          const decoded = decoder.decode(frame);
          return (lane, nowMs) => head.appendMetrics(lane, decoded, nowMs);
        },
      };
    },
  }),
  logs: (head) => ({
    newDecoder: () => ({
      decode(frame) {
        const batch = decodeLogs(frame);
        return (lane, nowMs, isBacklog) => head.appendLogs(lane, batch, nowMs, isBacklog);
      },
    }),
  }),
};

/** The signals that the head takes. */
export function signalsOf({ added }: Head): Signals {
  return signalsWith(added.map(({ descriptor }) => descriptor));
}

export function intakeOf(head: Head, signal: Signal): Intake {
  const builtIn = signalOf(signal);
  if (builtIn !== undefined) return intakes[builtIn](head);
  const found = head.added.find(({ descriptor }) => descriptor.name === signal);
  if (found === undefined)
    throw new OperatingError("bad_request", `signal "${signal}": the head does not take it`);
  return found;
}
