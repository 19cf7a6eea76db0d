import { create } from "@bufbuild/protobuf";
import type { ScrapePool, TargetCount, TargetState } from "#proto/gen/v1/control_pb.js";
import {
  ScrapePoolSchema,
  TargetCountSchema,
  TargetStateSchema,
} from "#proto/gen/v1/control_pb.js";
import type { TargetReport } from "./collect/target_report.ts";

/** Bytes of targets in a heartbeat, about: some 700 of usual ones. NATS takes 1 MiB a message where it is not told otherwise. */
const targetBytesMax = 256 * 1024;
/** Of all scrape pools' configurations together: one may name thousands of targets. */
const poolBytesMax = 64 * 1024;
/** Of a field: its number and its length. */
const fieldBytes = 4;
/** Health, times and counts of a target. */
const fixedBytes = 96;

export type TargetStates = {
  readonly targets: TargetState[];
  /** Of all, those left out too. */
  readonly targetCounts: TargetCount[];
  readonly targetsLeftOut: number;
};

const order: readonly TargetReport["health"][] = ["down", "unknown", "up", "dropped"];

/** As many targets as a heartbeat holds, those in trouble first, and how many there are of each kind. */
export function targetStates(targets: readonly TargetReport[]): TargetStates {
  const counts = new Map<string, { pool: string; health: string; count: number }>();
  const byHealth: Record<TargetReport["health"], TargetReport[]> = {
    down: [],
    unknown: [],
    up: [],
    dropped: [],
  };
  for (const target of targets) {
    const { pool, health } = target;
    byHealth[health].push(target);
    const key = `${health} ${pool}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { pool, health, count: 1 });
    else known.count++;
  }
  const told: TargetState[] = [];
  let bytes = 0;
  for (const target of order.flatMap((health) => byHealth[health])) {
    bytes += bytesOf(target);
    if (bytes > targetBytesMax) break;
    told.push(targetState(target));
  }
  return {
    targets: told,
    targetCounts: [...counts.values()].map((count) => create(TargetCountSchema, count)),
    targetsLeftOut: targets.length - told.length,
  };
}

/** The configurations of pools, cut where they are too long together. */
export function scrapePools(
  pools: readonly { readonly name: string; readonly configYaml: string }[],
): ScrapePool[] {
  let left = poolBytesMax;
  return pools.map(({ name, configYaml }) => {
    const bytes = Buffer.byteLength(configYaml);
    const isWhole = bytes <= left;
    const shown = isWhole ? configYaml : cut(configYaml, left);
    left = Math.max(0, left - bytes);
    return create(ScrapePoolSchema, { name, configYaml: shown });
  });
}

/** Whole lines of a text that is too long, and what says so. */
function cut(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  const end = bytesMax === 0 ? -1 : bytes.lastIndexOf("\n", bytesMax - 1);
  const left = bytes.length - (end + 1);
  return `${bytes.toString("utf8", 0, end + 1)}# ${left} bytes more: see the agent's own configuration\n`;
}

function bytesOf(target: TargetReport): number {
  let bytes = fixedBytes + textBytes(target.pool, target.url, target.lastError);
  for (const labels of [target.labels, target.discoveredLabels])
    for (const name in labels) bytes += fieldBytes + textBytes(name, labels[name] ?? "");
  return bytes;
}

function textBytes(...texts: readonly string[]): number {
  let bytes = 0;
  for (const text of texts) bytes += fieldBytes + Buffer.byteLength(text);
  return bytes;
}

function targetState(target: TargetReport): TargetState {
  return create(TargetStateSchema, {
    ...target,
    labels: { ...target.labels },
    discoveredLabels: { ...target.discoveredLabels },
  });
}
