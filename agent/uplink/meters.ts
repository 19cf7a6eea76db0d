import type { Signal } from "#shared/signals.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";

/** Our own metrics of the nats uplink. */
export type UplinkMeters = {
  acknowledged(signal: Signal, bytes: number): void;
  failed(signal: Signal): void;
  resent(signal: Signal): void;
  /** Sent beside what is new. */
  backlog(signal: Signal, bytes: number): void;
};

export function createUplinkMeters(metrics: SelfMetrics, isConnected: () => boolean): UplinkMeters {
  const counter = (name: string, help: string) =>
    metrics.counter(`lapwing_uplink_${name}_total`, help, ["signal"]);
  const frames = counter("frames", "Frames that the carrier acknowledged.");
  const bytes = counter("bytes", "Bytes of frames that the carrier acknowledged.");
  const failures = counter("publish_failures", "Publishes that were refused or not answered.");
  const backlog = counter("backlog_bytes", "Bytes of frames sent of what an outage left.");
  const resends = counter("resends", "Times that the aggregator asked for frames again.");
  const connected = metrics.gauge("lapwing_uplink_connected", "1 while connected, else 0.");
  metrics.onCollect(() => connected.set(isConnected() ? 1 : 0));
  return {
    acknowledged: (signal, size) => {
      frames.inc({ signal });
      bytes.inc({ signal }, size);
    },
    failed: (signal) => failures.inc({ signal }),
    resent: (signal) => resends.inc({ signal }),
    backlog: (signal, size) => backlog.inc({ signal }, size),
  };
}
