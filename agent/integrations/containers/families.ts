import { counter, gauge } from "../../collect/samples/family.ts";

/** Families of containers, without the labels that all have. Names as in cAdvisor's docs/storage/prometheus.md and metrics/prometheus.go. */
export const families = {
  lastSeen: gauge("container_last_seen", "When the container was seen last, Unix seconds."),
  startTime: gauge(
    "container_start_time_seconds",
    "When its first process was started, Unix seconds.",
  ),
  oomEvents: counter("container_oom_events_total", "Processes killed for want of memory."),

  cpuUsage: counter("container_cpu_usage_seconds_total", "CPU time.", ["cpu"]),
  cpuUser: counter("container_cpu_user_seconds_total", "CPU time in user mode."),
  cpuSystem: counter("container_cpu_system_seconds_total", "CPU time in the kernel."),
  cpuPeriods: counter(
    "container_cpu_cfs_periods_total",
    "Periods in which its quota of CPU was counted.",
  ),
  cpuThrottled: counter(
    "container_cpu_cfs_throttled_periods_total",
    "Periods in which the quota was used up.",
  ),
  cpuThrottledTime: counter(
    "container_cpu_cfs_throttled_seconds_total",
    "Time that it had to wait for a new quota.",
  ),

  memoryUsage: gauge("container_memory_usage_bytes", "Memory, with page cache."),
  memoryWorkingSet: gauge(
    "container_memory_working_set_bytes",
    "Memory without page cache that was not used of late.",
  ),
  memoryRss: gauge("container_memory_rss", "Memory of its own, of no file."),
  memoryCache: gauge("container_memory_cache", "Page cache, in bytes."),
  memoryMapped: gauge("container_memory_mapped_file", "Files mapped into memory, in bytes."),
  memorySwap: gauge("container_memory_swap", "Memory in swap, in bytes."),
  memoryKernel: gauge("container_memory_kernel_usage", "Memory of the kernel for it, in bytes."),
  memoryMaxUsage: gauge("container_memory_max_usage_bytes", "The most memory that it ever had."),
  memoryFailures: counter("container_memory_failcnt", "Times that its memory was at the limit."),
  memoryActiveFile: gauge(
    "container_memory_total_active_file_bytes",
    "Page cache that was used of late.",
  ),
  memoryInactiveFile: gauge(
    "container_memory_total_inactive_file_bytes",
    "Page cache that was not used of late.",
  ),
  memoryFaults: counter("container_memory_failures_total", "Page faults.", [
    "failure_type",
    "scope",
  ]),

  fsReadBytes: counter("container_fs_reads_bytes_total", "Bytes read from a block device.", [
    "device",
  ]),
  fsReads: counter("container_fs_reads_total", "Reads from a block device.", ["device"]),
  fsWriteBytes: counter("container_fs_writes_bytes_total", "Bytes written to a block device.", [
    "device",
  ]),
  fsWrites: counter("container_fs_writes_total", "Writes to a block device.", ["device"]),
  blockUsage: counter(
    "container_blkio_device_usage_total",
    "Bytes moved from and to a block device.",
    ["device", "major", "minor", "operation"],
  ),

  processes: gauge("container_processes", "Processes."),
  threads: gauge("container_threads", "Threads."),
  threadsMax: gauge("container_threads_max", "Threads that it may have; 0 is any number."),
  descriptors: gauge("container_file_descriptors", "Open file descriptors."),
  sockets: gauge("container_sockets", "Open sockets."),
  tasks: gauge("container_tasks_state", "Processes by the state of their main thread.", ["state"]),

  specPeriod: gauge(
    "container_spec_cpu_period",
    "Length of the period of its quota of CPU, in microseconds.",
  ),
  specQuota: gauge(
    "container_spec_cpu_quota",
    "CPU time that it may use in a period, in microseconds.",
  ),
  specShares: gauge("container_spec_cpu_shares", "Its share of CPU against others; 1024 is usual."),
  specMemory: gauge("container_spec_memory_limit_bytes", "Memory that it may use; 0 is all."),
  specSwap: gauge("container_spec_memory_swap_limit_bytes", "Swap that it may use; 0 is all."),
  specReservation: gauge(
    "container_spec_memory_reservation_limit_bytes",
    "Memory that is kept for it; 0 is none.",
  ),
} as const;

/** By column of /proc/PID/net/dev. */
export const networkFamilies = [
  [0, counter("container_network_receive_bytes_total", "Bytes received.", ["interface"])],
  [1, counter("container_network_receive_packets_total", "Packets received.", ["interface"])],
  [2, counter("container_network_receive_errors_total", "Receive errors.", ["interface"])],
  [
    3,
    counter("container_network_receive_packets_dropped_total", "Packets dropped on receipt.", [
      "interface",
    ]),
  ],
  [8, counter("container_network_transmit_bytes_total", "Bytes sent.", ["interface"])],
  [9, counter("container_network_transmit_packets_total", "Packets sent.", ["interface"])],
  [10, counter("container_network_transmit_errors_total", "Send errors.", ["interface"])],
  [
    11,
    counter("container_network_transmit_packets_dropped_total", "Packets dropped on sending.", [
      "interface",
    ]),
  ],
] as const;

const pressure = (resource: string, what: string) =>
  [
    `${resource}.pressure`,
    counter(
      `container_pressure_${resource}_waiting_seconds_total`,
      `Time in which some task waited for ${what}.`,
    ),
    counter(
      `container_pressure_${resource}_stalled_seconds_total`,
      `Time in which all tasks waited for ${what}.`,
    ),
  ] as const;

/** By file: time of some, and of all. */
export const pressureFamilies = [
  pressure("cpu", "CPU"),
  pressure("memory", "memory"),
  pressure("io", "input and output"),
] as const;
