import { readFile } from "node:fs/promises";
import { OperatingError, messageOf } from "#shared/errors.ts";

/** Names of the values of types that have several. */
export type TypesDb = ReadonlyMap<string, readonly string[]>;

/** Types of collectd 5.12 whose values have names (types.db(5)); all others have one, called "value". */
const usual: Readonly<Record<string, string>> = {
  arc_counts: "demand_data demand_metadata prefetch_data prefetch_metadata",
  arc_l2_bytes: "read write",
  arc_size: "current target minlimit maxlimit",
  compression: "uncompressed compressed",
  df: "used free",
  disk_io_time: "io_time weighted_io_time",
  disk_latency: "read write",
  disk_merged: "read write",
  disk_octets: "read write",
  disk_ops: "read write",
  disk_time: "read write",
  dns_octets: "queries responses",
  domain_state: "state reason",
  ib_octets: "rx tx",
  ib_packets: "rx tx",
  if_dropped: "rx tx",
  if_errors: "rx tx",
  if_octets: "rx tx",
  if_packets: "rx tx",
  io_octets: "rx tx",
  io_ops: "read write",
  io_packets: "rx tx",
  load: "shortterm midterm longterm",
  memcached_octets: "rx tx",
  mysql_octets: "rx tx",
  mysql_qcache: "hits inserts not_cached lowmem_prunes queries_in_cache",
  mysql_threads: "running connected cached created",
  node_octets: "rx tx",
  ps_count: "processes threads",
  ps_cputime: "user syst",
  ps_disk_octets: "read write",
  ps_disk_ops: "read write",
  ps_pagefaults: "minflt majflt",
  serial_octets: "rx tx",
  smart_attribute: "current worst threshold pretty",
  vf_bytes: "vf_rx vf_tx",
  vf_dropped: "vf_rx vf_tx",
  vf_packets: "vf_rx vf_tx",
  vmpage_faults: "minflt majflt",
  vmpage_io: "in out",
  voltage_threshold: "value threshold",
};

/** The usual types, and those of the files over them. Throws OperatingError("unavailable") for a file that can't be read. */
export async function readTypesDb(files: readonly string[]): Promise<TypesDb> {
  const types = new Map<string, readonly string[]>();
  for (const [type, names] of Object.entries(usual)) types.set(type, names.split(" "));
  for (const file of files)
    try {
      for (const [type, names] of parseTypesDb(await readFile(file, "utf8")))
        types.set(type, names);
    } catch (cause) {
      const message = `cannot read ${file} (${messageOf(cause)})`;
      throw new OperatingError("unavailable", message, { cause });
    }
  return types;
}

/** Lines of a type and `name:kind:min:max` of each of its values, with commas or without. */
export function parseTypesDb(text: string): Map<string, string[]> {
  const types = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [type = "", ...sources] = line
      .replace(/#.*/, "")
      .trim()
      .split(/[\s,]+/);
    const names = sources.map((source) => source.split(":")[0] ?? "");
    if (type !== "" && names.length > 0) types.set(type, names);
  }
  return types;
}

/** The name of a value, or its number where the type is not known. */
export function valueName(types: TypesDb, type: string, index: number, count: number): string {
  const names = types.get(type);
  if (names?.length === count) return names[index] ?? String(index);
  return count === 1 ? "value" : String(index);
}
