import { type Family, counter, gauge } from "../../collect/samples/family.ts";

/** Where a number of a domain lies, and what it becomes; `per` of libvirt's units are one of the metric's. */
export type FieldAt = readonly [field: string, family: Family, per?: number];

const kib = 1 / 1_024;
const nanoseconds = 1e9;
const ofDomain = ["domain"];
const info = (name: string) => `libvirt_domain_info_${name}`;
const memory = (name: string, help: string) =>
  gauge(`libvirt_domain_memory_stats_${name}`, help, ofDomain);

/** Names, kinds and labels as in libvirt_exporter.go of github.com/Tinkoff/libvirt-exporter. */
export const domainFields: readonly FieldAt[] = [
  [
    "state.state",
    gauge(
      info("vstate"),
      "0 unknown, 1 runs, 2 waits for a resource, 3 paused, 4 shuts down, 5 off, 6 crashed, 7 suspended by its guest.",
      ofDomain,
    ),
  ],
  ["vcpu.current", gauge(info("virtual_cpus"), "Virtual CPUs.", ofDomain)],
  ["balloon.maximum", gauge(info("maximum_memory_bytes"), "Memory allowed.", ofDomain), kib],
  ["balloon.current", gauge(info("memory_usage_bytes"), "Memory given.", ofDomain), kib],
  ["balloon.current", memory("actual_balloon_bytes", "Memory that the balloon leaves."), kib],
  ["balloon.rss", memory("rss_bytes", "Memory of the host that its process takes."), kib],
  ["balloon.unused", memory("unused_bytes", "Memory that the guest has free."), kib],
  ["balloon.available", memory("available_bytes", "Memory as the guest sees it."), kib],
  ["balloon.usable", memory("usable_bytes", "Memory that the guest could give away."), kib],
  [
    "balloon.disk_caches",
    memory("disk_cache_bytes", "Memory in the guest's caches of files."),
    kib,
  ],
  [
    "balloon.major_fault",
    counter(
      "libvirt_domain_memory_stats_major_fault_total",
      "Page faults of the guest that read a disk.",
      ofDomain,
    ),
  ],
  [
    "balloon.minor_fault",
    counter(
      "libvirt_domain_memory_stats_minor_fault_total",
      "Page faults of the guest that read no disk.",
      ofDomain,
    ),
  ],
];

/** Of a domain that is on. */
export const cpuFields: readonly FieldAt[] = [
  ["cpu.time", counter(info("cpu_time_seconds_total"), "CPU time used.", ofDomain), nanoseconds],
];
export const usedPercent = memory("used_percent", "Of the memory that the guest sees, in percent.");

const ofDevice = ["domain", "target_device"];
const block = (name: string) => `libvirt_domain_block_stats_${name}`;
const moved = (name: string, help: string) => counter(block(name), help, ofDevice);

/** Below `block.NUMBER.`. */
export const blockFields: readonly FieldAt[] = [
  ["rd.reqs", moved("read_requests_total", "Reads.")],
  ["rd.bytes", moved("read_bytes_total", "Bytes read.")],
  ["rd.times", moved("read_time_seconds_total", "Time spent on reads."), nanoseconds],
  ["wr.reqs", moved("write_requests_total", "Writes.")],
  ["wr.bytes", moved("write_bytes_total", "Bytes written.")],
  ["wr.times", moved("write_time_seconds_total", "Time spent on writes."), nanoseconds],
  ["fl.reqs", moved("flush_requests_total", "Flushes.")],
  ["fl.times", moved("flush_time_seconds_total", "Time spent on flushes."), nanoseconds],
  ["allocation", gauge(block("allocation"), "Highest byte written.", ofDevice)],
  ["capacity", gauge(block("capacity_bytes"), "Size that the guest sees.", ofDevice)],
  ["physical", gauge(block("physicalsize_bytes"), "Size of the image on the host.", ofDevice)],
];

const packets = (name: string, help: string) =>
  counter(`libvirt_domain_interface_stats_${name}_total`, help, ofDevice);

/** Below `net.NUMBER.`; received is what the guest received. */
export const interfaceFields: readonly FieldAt[] = [
  ["rx.bytes", packets("receive_bytes", "Bytes received.")],
  ["rx.pkts", packets("receive_packets", "Packets received.")],
  ["rx.errs", packets("receive_errors", "Packets received with errors.")],
  ["rx.drop", packets("receive_drops", "Packets that were dropped instead of received.")],
  ["tx.bytes", packets("transmit_bytes", "Bytes sent.")],
  ["tx.pkts", packets("transmit_packets", "Packets sent.")],
  ["tx.errs", packets("transmit_errors", "Packets sent with errors.")],
  ["tx.drop", packets("transmit_drops", "Packets that were dropped instead of sent.")],
];

const ofPool = (name: string, help: string) =>
  gauge(`libvirt_pool_info_${name}_bytes`, help, ["pool"]);

/** By the words of `virsh pool-info`. */
export const poolFields: readonly (readonly [word: string, family: Family])[] = [
  ["Capacity", ofPool("capacity", "Size of the storage pool.")],
  ["Allocation", ofPool("allocation", "Bytes in use.")],
  ["Available", ofPool("available", "Bytes free.")],
];
