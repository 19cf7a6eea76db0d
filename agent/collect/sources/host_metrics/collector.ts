import { OperatingError } from "#shared/errors.ts";
import type { MetricFamily, MetricType } from "#shared/model/metrics.ts";
import type { LinearRegex } from "#shared/text/linear_regex.ts";

/**
 * One collector, named as in node_exporter. `create` is called once for the life of the source and may keep state
 * (families by name, the values of the last tick); the function that it returns is called once a tick.
 * A throw marks this collector alone as failed; NoDataError says that the host has nothing of the kind.
 */
export type Collector = {
  readonly name: string;
  create(root: HostRoot, options: CollectorOptions): Collect;
};

/** Reads the host and appends the samples of this tick. Does its work before its first await where it can. */
export type Collect = (sink: SampleSink) => void | Promise<void>;

/** Where the host's file systems are mounted; other paths than the defaults serve an agent in a container, and tests. */
export type HostRoot = { readonly proc: string; readonly sys: string; readonly rootfs: string };

export type CollectorOptions = {
  readonly diskstatsDeviceExclude: LinearRegex;
  readonly netdevDeviceExclude: LinearRegex;
  readonly netclassIgnoredDevices: LinearRegex;
  readonly filesystemMountPointsExclude: LinearRegex;
  readonly filesystemFsTypesExclude: LinearRegex;
  readonly filesystemMountTimeoutMs: number;
  readonly vmstatFields: LinearRegex;
  readonly netstatFields: LinearRegex;
};

/** A metric family and the names of its own labels, in the order in which values are handed to `add`. */
export type Family = MetricFamily & { readonly labelNames: readonly string[] };

export type SampleSink = {
  /** One sample of this tick. Label values stand in the order of family.labelNames; an empty one leaves the label out. */
  add(family: Family, value: number, ...labelValues: readonly string[]): void;
};

/** The host has no such thing (no RAID, no sensors): node_scrape_collector_success 0, but nothing to repair. */
export class NoDataError extends OperatingError {
  constructor(what: string) {
    super("not_found", `this host has no ${what}`);
  }
}

export function gauge(name: string, help: string, labelNames: readonly string[] = []): Family {
  return family("gauge", name, help, labelNames);
}

export function counter(name: string, help: string, labelNames: readonly string[] = []): Family {
  return family("counter", name, help, labelNames);
}

/** For fields of the kernel whose kind is not known field by field. */
export function untyped(name: string, help: string, labelNames: readonly string[] = []): Family {
  return family("unknown", name, help, labelNames);
}

/** Families whose names come from the kernel: made at the first sight of a key, then looked up. */
export function familiesByKey(make: (key: string) => Family): (key: string) => Family {
  const known = new Map<string, Family>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    known.set(key, made);
    return made;
  };
}

function family(
  type: MetricType,
  name: string,
  help: string,
  labelNames: readonly string[],
): Family {
  return { name, type, help, unit: "", labelNames };
}
