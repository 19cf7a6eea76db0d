import type { Collector } from "../../collector.ts";
import type { Family, SampleSink } from "../../../../samples/family.ts";
import { counter, gauge } from "../../../../samples/family.ts";
import { rememberedTest } from "../../filter.ts";
import { readText, readTextIfReadable, wordsOfLine } from "../../text_file.ts";

/** /proc/diskstats counts in sectors of this size whatever the device's own are. */
const sectorBytes = 512;
const secondsPerMs = 0.001;

/** Fields after the device's name, in the kernel's order; older kernels end after 11, or after 15. */
const fields: readonly (readonly [family: Family, factor: number])[] = [
  [disk("reads_completed_total", "Reads completed."), 1],
  [disk("reads_merged_total", "Reads merged into others."), 1],
  [disk("read_bytes_total", "Bytes read."), sectorBytes],
  [disk("read_time_seconds_total", "Time spent by all reads."), secondsPerMs],
  [disk("writes_completed_total", "Writes completed."), 1],
  [disk("writes_merged_total", "Writes merged into others."), 1],
  [disk("written_bytes_total", "Bytes written."), sectorBytes],
  [disk("write_time_seconds_total", "Time spent by all writes."), secondsPerMs],
  [gauge("node_disk_io_now", "Operations in progress.", ["device"]), 1],
  [disk("io_time_seconds_total", "Time with some operation in progress."), secondsPerMs],
  [
    disk("io_time_weighted_seconds_total", "Time of operations, weighted by their number."),
    secondsPerMs,
  ],
  [disk("discards_completed_total", "Discards completed."), 1],
  [disk("discards_merged_total", "Discards merged into others."), 1],
  [disk("discarded_sectors_total", "Sectors discarded."), 1],
  [disk("discard_time_seconds_total", "Time spent by all discards."), secondsPerMs],
  [disk("flush_requests_total", "Flushes completed."), 1],
  [disk("flush_requests_time_seconds_total", "Time spent by all flushes."), secondsPerMs],
];

const info = gauge("node_disk_info", "Properties of a disk; always 1.", [
  "device",
  "major",
  "minor",
  "path",
  "wwn",
  "model",
  "serial",
  "revision",
]);
const filesystemInfo = gauge("node_disk_filesystem_info", "What a disk is formatted with.", [
  "device",
  "type",
  "usage",
  "uuid",
  "version",
]);
const mapperInfo = gauge("node_disk_device_mapper_info", "Properties of a mapped disk.", [
  "device",
  "name",
  "uuid",
  "vg_name",
  "lv_name",
  "lv_layer",
]);
const ataProperties = [
  [
    "ID_ATA_WRITE_CACHE",
    gauge("node_disk_ata_write_cache", "1 where the disk has a write cache.", ["device"]),
  ],
  [
    "ID_ATA_WRITE_CACHE_ENABLED",
    gauge("node_disk_ata_write_cache_enabled", "1 where the write cache is on.", ["device"]),
  ],
  [
    "ID_ATA_ROTATION_RATE_RPM",
    gauge("node_disk_ata_rotation_rate_rpm", "Turns a minute; 0 for solid state.", ["device"]),
  ],
] as const;

export const diskstats: Collector = {
  name: "diskstats",
  create({ proc, rootfs }, { diskstatsDeviceExclude }) {
    const excluded = rememberedTest(diskstatsDeviceExclude);
    const udev = `${rootfs === "/" ? "" : rootfs}/run/udev/data`;
    return (sink) => {
      for (const { device, major, minor, counts } of parseDiskstats(
        readText(`${proc}/diskstats`),
      )) {
        if (excluded(device)) continue;
        const database = readTextIfReadable(`${udev}/b${major}:${minor}`) ?? "";
        addProperties(sink, device, [major, minor], parseUdevProperties(database));
        fields.forEach(([family, factor], i) => {
          const count = counts[i];
          if (count !== undefined) sink.add(family, count * factor, device);
        });
      }
    };
  },
};

/** Lines " 254 0 vda 1 2 3 ...": numbers of the device, its name, its counters. */
export function parseDiskstats(
  text: string,
): { device: string; major: string; minor: string; counts: number[] }[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [major = "", minor = "", device = "", ...counts] = wordsOfLine(line);
      return { device, major, minor, counts: counts.map(Number) };
    });
}

/** Lines "E:KEY=value" of udev's database. */
export function parseUdevProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split("\n")) {
    const valueStart = line.indexOf("=") + 1;
    if (!line.startsWith("E:") || valueStart === 0) continue;
    properties.set(line.slice(2, valueStart - 1), line.slice(valueStart));
  }
  return properties;
}

function addProperties(
  sink: SampleSink,
  device: string,
  [major, minor]: readonly [string, string],
  properties: ReadonlyMap<string, string>,
): void {
  const get = (key: string) => properties.get(key) ?? "";
  // A SCSI disk may tell its serial number in its own way only.
  const serial = get("SCSI_IDENT_SERIAL") || get("ID_SERIAL_SHORT");
  const ids = [get("ID_PATH"), get("ID_WWN"), get("ID_MODEL"), serial, get("ID_REVISION")];
  sink.add(info, 1, device, major, minor, ...ids);
  if (properties.size === 0) return;
  const [type, usage] = [get("ID_FS_TYPE"), get("ID_FS_USAGE")];
  if (type !== "") {
    sink.add(filesystemInfo, 1, device, type, usage, get("ID_FS_UUID"), get("ID_FS_VERSION"));
  }
  if (get("DM_NAME") !== "") {
    const volume = [get("DM_VG_NAME"), get("DM_LV_NAME"), get("DM_LV_LAYER")];
    sink.add(mapperInfo, 1, device, get("DM_NAME"), get("DM_UUID"), ...volume);
  }
  for (const [key, family] of ataProperties) {
    const text = get(key);
    if (text !== "" && get("ID_ATA") !== "") sink.add(family, Number(text), device);
  }
}

function disk(name: string, help: string): Family {
  return counter(`node_disk_${name}`, help, ["device"]);
}
