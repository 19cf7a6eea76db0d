import { OperatingError } from "#shared/errors.ts";
import type { LinearRegex } from "#shared/text/linear_regex.ts";
import type { SampleSink } from "../../samples/family.ts";

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

/** The host has no such thing (no RAID, no sensors): node_scrape_collector_success 0, but nothing to repair. */
export class NoDataError extends OperatingError {
  constructor(what: string) {
    super("not_found", `this host has no ${what}`);
  }
}
