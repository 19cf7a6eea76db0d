import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { duration } from "#shared/text/duration.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import type { CollectorOptions } from "./collector.ts";
import { collectorNames } from "./registry.ts";

const pattern = z.string().transform((text, context) => {
  try {
    return searchingRegex(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: messageOf(error), input: text });
    return z.NEVER;
  }
});

const Filesystem = z.lazy(() =>
  z.strictObject({
    mount_points_exclude: pattern.prefault(
      "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
    ),
    fs_types_exclude: pattern.prefault(
      "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|" +
        "overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$",
    ),
    /** The longest wait for a mount that may hang (a network file system); below the interval. */
    mount_timeout: duration.prefault("5s"),
  }),
);

const Diskstats = z.lazy(() =>
  z.strictObject({
    /** Partitions and memory disks are left out; the whole disk counts them. */
    device_exclude: pattern.prefault(String.raw`^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`),
  }),
);

const Netdev = z.lazy(() => z.strictObject({ device_exclude: pattern.prefault("^$") }));

const Netclass = z.lazy(() => z.strictObject({ ignored_devices: pattern.prefault("^$") }));

const Vmstat = z.lazy(() =>
  z.strictObject({
    fields: pattern.prefault("^(oom_kill|pgpg|pswp|pg.*fault).*"),
  }),
);

const Netstat = z.lazy(() =>
  z.strictObject({
    fields: pattern.prefault(
      "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|" +
        "TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|" +
        "Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|" +
        "Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$",
    ),
  }),
);

/** The host collector. Patterns match anywhere unless anchored; their defaults are node_exporter's. */
export const HostMetricsConfig = z.lazy(() =>
  z.strictObject({
    interval: duration.refine((ms) => ms > 0, "must be above 0").prefault("15s"),
    job: z.string().default("node"),
    /** The label `instance`; the host's name where it is not given. */
    instance: z.string().optional(),
    /** Further labels on every series. */
    labels: z.record(z.string(), z.string()).default({}),
    /** Where the host's file systems are seen by this process. */
    proc: z.string().default("/proc"),
    sys: z.string().default("/sys"),
    rootfs: z.string().default("/"),
    /** Collectors switched by name, as in {netclass: false}; all are on by default. */
    collectors: z.partialRecord(z.enum(collectorNames), z.boolean()).default({}),
    /** Series beyond it are refused and counted: a host of 1,000 network devices and 128 CPUs stays below. */
    series_max: z.int().positive().default(50_000),
    filesystem: Filesystem.prefault({}),
    diskstats: Diskstats.prefault({}),
    netdev: Netdev.prefault({}),
    netclass: Netclass.prefault({}),
    vmstat: Vmstat.prefault({}),
    netstat: Netstat.prefault({}),
  }),
);

export type HostMetricsConfig = z.output<typeof HostMetricsConfig>;

export function collectorOptions(config: HostMetricsConfig): CollectorOptions {
  return {
    diskstatsDeviceExclude: config.diskstats.device_exclude,
    netdevDeviceExclude: config.netdev.device_exclude,
    netclassIgnoredDevices: config.netclass.ignored_devices,
    filesystemMountPointsExclude: config.filesystem.mount_points_exclude,
    filesystemFsTypesExclude: config.filesystem.fs_types_exclude,
    filesystemMountTimeoutMs: config.filesystem.mount_timeout,
    vmstatFields: config.vmstat.fields,
    netstatFields: config.netstat.fields,
  };
}
