import { expect, test } from "bun:test";
import { pageSizeOf } from "../page_size.ts";
import { countArpEntries } from "./network/arp.ts";
import { sumConntrackStatistics } from "./network/conntrack.ts";
import { neverBackwards, parseCpuLines, parseCpuList } from "./cpu/cpu.ts";
import { parseDiskstats, parseUdevProperties } from "./disks/diskstats.ts";
import { parseMounts } from "./disks/filesystem.ts";
import { describeSensor, parseSensorFile } from "./hardware/hwmon.ts";
import { parseLoadAverage } from "./cpu/loadavg.ts";
import { parseMdstat } from "./disks/mdadm.ts";
import { parseMeminfo } from "./memory/meminfo.ts";
import { parseNetworkDevices } from "./network/netdev.ts";
import { parseLinePairs, parseSnmp6 } from "./network/netstat.ts";
import { parseOsRelease } from "./system/os.ts";
import { parseProcessStat } from "./cpu/processes.ts";
import { parsePressure } from "./cpu/pressure.ts";
import { parseZoneName } from "./hardware/rapl.ts";
import { parseSchedstat } from "./cpu/schedstat.ts";
import { parseSockstat } from "./network/sockstat.ts";
import { parseSoftnet } from "./network/softnet.ts";
import { parseStat } from "./cpu/stat.ts";
import { sumUdpQueues } from "./network/udp_queues.ts";
import { parseKeyValueLines } from "./memory/vmstat.ts";

const wanted = (key: string) => key.startsWith("pg");
const name = (type: string, property: string, hasPlain = false) =>
  describeSensor(type, property, hasPlain).name;
const stat = `cpu  30 0 28 3123 3 0 0 1 0 0
cpu0 10 0 14 1576 1 0 0 0 5 6
cpu11 20 0 14 1547 2 0 0 1
intr 329066 0 9 0
ctxt 820881
btime 1795238782
processes 8132
procs_running 2
procs_blocked 1
softirq 1 2 3
`;

test("parseCpuLines() leaves the sum out, and reads an old kernel's shorter line", () => {
  expect(parseCpuLines(stat)).toEqual([
    { id: "0", ticks: [10, 0, 14, 1576, 1, 0, 0, 0, 5, 6] },
    { id: "11", ticks: [20, 0, 14, 1547, 2, 0, 0, 1] },
  ]);
});

test("parseCpuList() expands ranges", () => {
  expect(parseCpuList("0-2,5\n")).toEqual([0, 1, 2, 5]);
  expect(parseCpuList("\n")).toEqual([]);
});

test("neverBackwards() holds a counter that slips back, and lets a returned CPU begin anew", () => {
  expect(neverBackwards(undefined, [1, 2, 3, 4])).toEqual([1, 2, 3, 4]);
  expect(neverBackwards([5, 2, 3, 10, 7], [6, 2, 3, 8, 6])).toEqual([6, 2, 3, 10, 7]);
  expect(neverBackwards([5, 2, 3, 10, 7], [0, 0, 0, 1, 0])).toEqual([0, 0, 0, 1, 0]);
});

test("parseStat() takes the first number of each line", () => {
  const values = parseStat(stat);
  expect(values.get("intr")).toBe(329_066);
  expect(values.get("btime")).toBe(1_795_238_782);
  expect(values.get("procs_blocked")).toBe(1);
  expect(values.has("cpu0")).toBe(false);
});

test("parseMeminfo() names bytes and counts", () => {
  const text = "MemTotal:       100 kB\nActive(anon):     2 kB\nHugePages_Total:       7\n";
  expect(parseMeminfo(text)).toEqual([
    { field: "MemTotal_bytes", value: 102_400 },
    { field: "Active_anon_bytes", value: 2_048 },
    { field: "HugePages_Total", value: 7 },
  ]);
});

test("parseLoadAverage() takes the three averages", () => {
  expect(parseLoadAverage("0.52 0.58 0.59 1/467 12345\n")).toEqual([0.52, 0.58, 0.59]);
});

test("parsePressure() takes the totals", () => {
  const text =
    "some avg10=0.1 avg60=0.00 avg300=0.00 total=17\nfull avg10=0 avg60=0 avg300=0 total=3\n";
  expect([...parsePressure(text)]).toEqual([
    ["some", 17],
    ["full", 3],
  ]);
});

test("parseKeyValueLines() keeps the wanted keys", () => {
  expect(parseKeyValueLines("nr_free 1\npgfault 22\n", wanted)).toEqual([
    { key: "pgfault", value: 22 },
  ]);
});

test("parseDiskstats() reads the lines of old and new kernels", () => {
  const text = " 254       0 vda 1 2 3 4 5 6 7 8 9 10 11\n   8       1 sda1 1 2\n";
  expect(parseDiskstats(text)).toEqual([
    { device: "vda", major: "254", minor: "0", counts: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
    { device: "sda1", major: "8", minor: "1", counts: [1, 2] },
  ]);
});

test("parseUdevProperties() keeps values with equals signs", () => {
  const text = "S:disk/by-id/x\nE:ID_MODEL=A=B\nE:ID_PATH=pci-0\nI:1\n";
  expect([...parseUdevProperties(text)]).toEqual([
    ["ID_MODEL", "A=B"],
    ["ID_PATH", "pci-0"],
  ]);
});

test("parseMounts() undoes escapes, takes the prefix off, and keeps one of equal mounts", () => {
  const text = [
    "/dev/vda / ext4 rw,relatime 0 0",
    String.raw`/dev/vdb /host/my\040disk xfs ro,noatime 0 0`,
    "/dev/vdb /host ext4 rw 0 0",
    "/dev/vdb /host ext4 rw 0 0",
    "/dev/vdc /hostile ext4 rw 0 0",
    "",
  ].join("\n");
  expect(parseMounts(text, "/host")).toEqual([
    { device: "/dev/vdb", mountPoint: "/my disk", type: "xfs", isReadOnly: true },
    { device: "/dev/vdb", mountPoint: "/", type: "ext4", isReadOnly: false },
  ]);
  expect(parseMounts(text)).toHaveLength(4);
});

test("parseNetworkDevices() reads a number right behind the colon", () => {
  const text = "Inter-| x\n face |y\n  eth0:567 2 3\neth0:1:  7 8\n";
  expect(parseNetworkDevices(text)).toEqual([
    { device: "eth0", counts: [567, 2, 3] },
    { device: "eth0:1", counts: [7, 8] },
  ]);
});

test("parseLinePairs() and parseSnmp6() name statistics by protocol", () => {
  expect(
    parseLinePairs("Tcp: InSegs MaxConn\nTcp: 12 -1\nUdpLite: InErrors\nUdpLite: 3\n"),
  ).toEqual([
    ["Tcp_InSegs", 12],
    ["Tcp_MaxConn", -1],
    ["UdpLite_InErrors", 3],
  ]);
  expect(parseSnmp6("Ip6InOctets     128\nUdpLite6InErrors 0\n")).toEqual([
    ["Ip6_InOctets", 128],
    ["UdpLite6_InErrors", 0],
  ]);
});

test("parseSockstat(), parseSoftnet(), sumUdpQueues(), countArpEntries() read their files", () => {
  expect(parseSockstat("sockets: used 16\nTCP: inuse 1 mem 240\n")).toEqual([
    { key: "sockets_used", value: 16 },
    { key: "TCP_inuse", value: 1 },
    { key: "TCP_mem", value: 240 },
  ]);
  const softnet = parseSoftnet("000038e5 0 1\n11 0 0 0 0 0 0 0 2 3 4 5 7 0 0\n");
  expect(softnet.map(({ cpu }) => cpu)).toEqual(["0", "7"]);
  expect(softnet[0]?.counts).toEqual([0x38e5, 0, 1]);
  const udp = "  sl\n 1: 0100007F:0035 00000000:0000 07 00000010:00000203 00:0 0\n";
  expect(sumUdpQueues(udp + udp.split("\n")[1])).toEqual({ transmit: 32, receive: 0x406 });
  const arp = "IP address HW type\n192.0.2.1 0x1 0x2 02:fc:00:00:00:05 * eth0\n";
  expect([...countArpEntries(arp)]).toEqual([["eth0", 1]]);
});

test("sumConntrackStatistics() adds the CPUs by the heading's names", () => {
  const text =
    "entries  clashres found\n0000000a  00000000 00000001\n0000000a  00000000 00000002\n";
  expect([...sumConntrackStatistics(text)]).toEqual([
    ["entries", 20],
    ["clashres", 0],
    ["found", 3],
  ]);
});

test("parseSchedstat() reads the lines of CPUs only", () => {
  const text = "version 15\ncpu0 0 0 0 0 0 0 100 200 3\ndomain0 3 0 0 0 0 0 0 0 0 0\n";
  expect(parseSchedstat(text)).toEqual([
    { cpu: "0", runningNanos: 100, waitingNanos: 200, slices: 3 },
  ]);
});

test("parseOsRelease() undoes quotes of either kind", () => {
  const text = `# x\nNAME="Debian \\"GNU\\""\nID=debian\nVARIANT='a\\b'\n`;
  expect([...parseOsRelease(text)]).toEqual([
    ["NAME", 'Debian "GNU"'],
    ["ID", "debian"],
    ["VARIANT", String.raw`a\b`],
  ]);
});

test("parseMdstat() tells a healthy, a recovering and a stopped device apart", () => {
  const text = `Personalities : [raid1] [raid6]
md0 : active raid1 sdb1[1] sda1[0]
      248896 blocks [2/2] [UU]

md1 : active raid6 sdd1[3] sdc1[2] sdb1[1] sda1[0](F) sde1[4](S)
      1000 blocks level 6, 64k chunk, algorithm 2 [4/3] [_UUU]
      [=>...........]  recovery = 12.6% (126/1000) finish=1.0min speed=1K/sec

md2 : inactive sdf1[0](S)
      500 blocks super 1.2

unused devices: <none>
`;
  const base = { failed: 0, spare: 0 };
  expect(parseMdstat(text)).toEqual([
    {
      ...base,
      name: "md0",
      state: "active",
      required: 2,
      active: 2,
      blocks: 248_896,
      blocksSynced: 248_896,
    },
    {
      name: "md1",
      state: "recovering",
      required: 4,
      active: 3,
      failed: 1,
      spare: 1,
      blocks: 1_000,
      blocksSynced: 126,
    },
    {
      ...base,
      name: "md2",
      state: "inactive",
      required: 0,
      active: 0,
      spare: 1,
      blocks: 500,
      blocksSynced: 500,
    },
  ]);
});

test("hwmon names files and families as node_exporter does", () => {
  expect(parseSensorFile("temp1_crit_alarm")).toEqual({
    type: "temp",
    sensor: "temp1",
    property: "crit_alarm",
  });
  expect(parseSensorFile("beep_enable")?.sensor).toBe("beep_enable0");
  expect(parseSensorFile("uevent")).toBeUndefined();
  expect(name("temp", "input")).toBe("node_hwmon_temp_celsius");
  expect(name("temp", "crit")).toBe("node_hwmon_temp_crit_celsius");
  expect(name("temp", "alarm")).toBe("node_hwmon_temp_alarm");
  expect(name("fan", "input")).toBe("node_hwmon_fan_rpm");
  expect(name("fan", "alarm")).toBe("node_hwmon_fan_alarm");
  expect(name("in", "max")).toBe("node_hwmon_in_max_volts");
  expect(name("pwm", "")).toBe("node_hwmon_pwm");
  expect(name("pwm", "input", true)).toBe("node_hwmon_pwm_input");
  expect(name("power", "average")).toBe("node_hwmon_power_average_watt");
  expect(name("energy", "input")).toBe("node_hwmon_energy_joule_total");
});

test("parseZoneName() splits the number off", () => {
  expect(parseZoneName("package-1")).toEqual({ zone: "package", index: "1" });
  expect(parseZoneName("dram")).toEqual({ zone: "dram", index: "0" });
});

test("pageSizeOf() finds the tag in the auxiliary vector", () => {
  expect(pageSizeOf(new Uint8Array(new BigUint64Array([3n, 9n, 6n, 65_536n, 0n, 0n]).buffer))).toBe(
    65_536,
  );
  expect(pageSizeOf(new Uint8Array(16))).toBe(4_096);
});
test("parseProcessStat() reads a name with parentheses and spaces, and a process that is gone", () => {
  const line = "12 (a) b) S 1 12 12 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 7 0 100 1 2";
  expect(parseProcessStat(line)).toEqual({ state: "S", threads: 7 });
  expect(parseProcessStat("")).toBeUndefined();
});
