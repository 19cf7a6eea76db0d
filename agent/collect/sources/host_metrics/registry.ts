import type { Collector } from "./collector.ts";
import { arp } from "./collectors/network/arp.ts";
import { bonding } from "./collectors/network/bonding.ts";
import { conntrack } from "./collectors/network/conntrack.ts";
import { cpu } from "./collectors/cpu/cpu.ts";
import { cpufreq } from "./collectors/cpu/cpufreq.ts";
import { diskstats } from "./collectors/disks/diskstats.ts";
import { dmi } from "./collectors/hardware/dmi.ts";
import { edac } from "./collectors/hardware/edac.ts";
import { entropy } from "./collectors/system/entropy.ts";
import { filefd } from "./collectors/system/filefd.ts";
import { filesystem } from "./collectors/disks/filesystem.ts";
import { hwmon } from "./collectors/hardware/hwmon.ts";
import { loadavg } from "./collectors/cpu/loadavg.ts";
import { mdadm } from "./collectors/disks/mdadm.ts";
import { meminfo } from "./collectors/memory/meminfo.ts";
import { netclass } from "./collectors/network/netclass.ts";
import { netdev } from "./collectors/network/netdev.ts";
import { netstat } from "./collectors/network/netstat.ts";
import { nvme } from "./collectors/disks/nvme.ts";
import { os } from "./collectors/system/os.ts";
import { powersupplyclass } from "./collectors/hardware/powersupplyclass.ts";
import { pressure } from "./collectors/cpu/pressure.ts";
import { processes } from "./collectors/cpu/processes.ts";
import { rapl } from "./collectors/hardware/rapl.ts";
import { schedstat } from "./collectors/cpu/schedstat.ts";
import { selinux } from "./collectors/system/selinux.ts";
import { sockstat } from "./collectors/network/sockstat.ts";
import { softnet } from "./collectors/network/softnet.ts";
import { stat } from "./collectors/cpu/stat.ts";
import { thermalZone } from "./collectors/hardware/thermal_zone.ts";
import { time } from "./collectors/system/time.ts";
import { timex } from "./collectors/system/timex.ts";
import { udpQueues } from "./collectors/network/udp_queues.ts";
import { uname } from "./collectors/system/uname.ts";
import { vmstat } from "./collectors/memory/vmstat.ts";
import { watchdog } from "./collectors/hardware/watchdog.ts";

/** All collectors by name, in the order in which a tick runs them; each is on unless switched off. */
export const collectors = {
  arp,
  bonding,
  conntrack,
  cpu,
  cpufreq,
  diskstats,
  dmi,
  edac,
  entropy,
  filefd,
  filesystem,
  hwmon,
  loadavg,
  mdadm,
  meminfo,
  netclass,
  netdev,
  netstat,
  nvme,
  os,
  powersupplyclass,
  pressure,
  processes,
  rapl,
  schedstat,
  selinux,
  sockstat,
  softnet,
  stat,
  thermal_zone: thermalZone,
  time,
  timex,
  udp_queues: udpQueues,
  uname,
  vmstat,
  watchdog,
} as const satisfies Readonly<Record<string, Collector>>;

/** The names, for the configuration. */
export const collectorNames = [
  "arp",
  "bonding",
  "conntrack",
  "cpu",
  "cpufreq",
  "diskstats",
  "dmi",
  "edac",
  "entropy",
  "filefd",
  "filesystem",
  "hwmon",
  "loadavg",
  "mdadm",
  "meminfo",
  "netclass",
  "netdev",
  "netstat",
  "nvme",
  "os",
  "powersupplyclass",
  "pressure",
  "processes",
  "rapl",
  "schedstat",
  "selinux",
  "sockstat",
  "softnet",
  "stat",
  "thermal_zone",
  "time",
  "timex",
  "udp_queues",
  "uname",
  "vmstat",
  "watchdog",
] as const satisfies readonly (keyof typeof collectors)[];
