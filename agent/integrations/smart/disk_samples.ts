import type { SampleSink } from "../../collect/samples/family.ts";
import {
  type JsonObject,
  addNumbers,
  arrayOf,
  numberOf,
  objectOf,
  textOf,
} from "../connections/json_value.ts";
import { deviceLabels, families, plainNumbers, scsiNumbers } from "./families.ts";

const attributeFlags = [
  "prefailure",
  "updated_online",
  "performance",
  "error_rate",
  "event_count",
  "auto_keep",
];
const statisticFlags = ["valid", "normalized", "supports_dsn", "monitored_condition_met"];
const decimal = /^\d{1,15}(?:\.\d{1,9})?$/;
/** Attributes and statistics of one disk: real ones have some thirty and some hundred. */
const rowsMax = 512;

/** Label `device` as smartctl_exporter makes it: "sda" of /dev/sda, "bus_0_megaraid_3" of a disk behind a controller. */
export function deviceLabel(name: string, type: string): string {
  const bare = name.replace(/^\/dev\/(?:disk\/by-(?:id|path)\/)?/, "").replaceAll("/", "_");
  return type.includes(",") ? `${bare}_${type.replaceAll(",", "_")}` : bare;
}

/** All of one disk's answer. What it does not tell is left out. */
export function addDisk(sink: SampleSink, device: string, answer: JsonObject): void {
  const at = (key: string) => objectOf(answer[key]);
  const model = textOf(answer["model_name"]) || textOf(answer["scsi_model_name"]);
  const identity: Readonly<Record<string, string>> = {
    device,
    interface: textOf(at("device")["type"]),
    protocol: textOf(at("device")["protocol"]),
    model_family: textOf(answer["model_family"]),
    model_name: model,
    serial_number: textOf(answer["serial_number"]),
    ata_additional_product_id: textOf(answer["ata_additional_product_id"]),
    firmware_version: textOf(answer["firmware_version"]),
    ata_version: textOf(at("ata_version")["string"]),
    sata_version: textOf(at("sata_version")["string"]),
    form_factor: textOf(at("form_factor")["name"]),
    scsi_vendor: textOf(answer["scsi_vendor"]),
    scsi_product: textOf(answer["scsi_product"]),
    scsi_revision: textOf(answer["scsi_revision"]),
    scsi_version: textOf(answer["scsi_version"]),
  };
  sink.add(families.device, 1, ...deviceLabels.map((label) => (identity[label] ?? "").trim()));
  addNumbers(sink, answer, plainNumbers, device);
  addNumbers(sink, answer, scsiNumbers, device);
  const starts = at("scsi_start_stop_cycle_counter")["accumulated_start_stop_cycles"];
  addNumber(sink, families.powerCycles, answer["power_cycle_count"] ?? starts, device);
  addScsiBytes(sink, device, at("scsi_error_counter_log"));
  addNumber(sink, families.blockSize, answer["logical_block_size"], device, "logical");
  addNumber(sink, families.blockSize, answer["physical_block_size"], device, "physical");
  addTimes(sink, device, numberOf(answer["rotation_rate"]), at);
  addAttributes(sink, device, at("ata_smart_attributes"));
  addStatistics(sink, device, answer);
  addLogs(sink, device, at);
}

function addNumber(
  sink: SampleSink,
  family: (typeof families)[keyof typeof families],
  value: unknown,
  ...labels: readonly string[]
): void {
  const number = numberOf(value);
  if (number !== undefined) sink.add(family, number, ...labels);
}

/** smartctl writes them as text, in units of 10^9 bytes. */
function addScsiBytes(sink: SampleSink, device: string, log: JsonObject): void {
  for (const [way, family] of [
    ["read", families.bytesRead],
    ["write", families.bytesWritten],
  ] as const) {
    const gigabytes = textOf(objectOf(log[way])["gigabytes_processed"]);
    if (decimal.test(gigabytes)) sink.add(family, Math.round(Number(gigabytes) * 1e9), device);
  }
}

function addTimes(
  sink: SampleSink,
  device: string,
  rotation: number | undefined,
  at: (key: string) => JsonObject,
): void {
  const hours = numberOf(at("power_on_time")["hours"]);
  const minutes = numberOf(at("power_on_time")["minutes"]) ?? 0;
  if (hours !== undefined) sink.add(families.powerOn, hours * 3_600 + minutes * 60, device);
  // 0 is a disk without anything that turns.
  if (rotation !== undefined && rotation > 0) sink.add(families.rotation, rotation, device);
  for (const [type, value] of Object.entries(at("temperature")))
    addNumber(sink, families.temperature, value, device, type);
  for (const type of ["max", "current"]) {
    const speed = objectOf(at("interface_speed")[type]);
    const units = numberOf(speed["units_per_second"]);
    const bits = numberOf(speed["bits_per_unit"]);
    if (units !== undefined && bits !== undefined)
      sink.add(families.speed, units * bits, device, type);
  }
}

function addAttributes(sink: SampleSink, device: string, attributes: JsonObject): void {
  const seen = new Set<string>();
  for (const row of arrayOf(attributes["table"]).slice(0, rowsMax).map(objectOf)) {
    const flags = objectOf(row["flags"]);
    const id = textOf(row["id"]);
    if (seen.has(id)) continue;
    seen.add(id);
    const [name, short] = [textOf(row["name"]).trim(), textOf(flags["string"]).trim()];
    const long = namesOf(flags, attributeFlags);
    const raw = objectOf(row["raw"])["value"];
    const values = { value: row["value"], worst: row["worst"], thresh: row["thresh"], raw };
    for (const [type, value] of Object.entries(values))
      addNumber(sink, families.attribute, value, device, name, short, long, type, id);
  }
}

function addStatistics(sink: SampleSink, device: string, answer: JsonObject): void {
  const seen = new Set<string>();
  const addRow = (table: string, name: string, value: unknown, short: string, long: string) => {
    const key = `${table}\n${name}`;
    if (seen.has(key) || seen.size >= rowsMax) return;
    seen.add(key);
    addNumber(sink, families.statistics, value, device, table, name, short, long);
  };
  for (const page of arrayOf(objectOf(answer["ata_device_statistics"])["pages"]).map(objectOf))
    for (const row of arrayOf(page["table"]).map(objectOf)) {
      const flags = objectOf(row["flags"]);
      const short = textOf(flags["string"]).trim();
      const long = namesOf(flags, statisticFlags);
      addRow(textOf(page["name"]).trim(), textOf(row["name"]).trim(), row["value"], short, long);
    }
  for (const row of arrayOf(objectOf(answer["sata_phy_event_counters"])["table"]).map(objectOf))
    addRow("SATA PHY Event Counters", textOf(row["name"]).trim(), row["value"], "V---", "valid");
}

function addLogs(sink: SampleSink, device: string, at: (key: string) => JsonObject): void {
  for (const [type, log] of Object.entries(at("ata_smart_error_log")))
    addNumber(sink, families.errorLog, objectOf(log)["count"], device, type);
  for (const [type, log] of Object.entries(at("ata_smart_self_test_log"))) {
    addNumber(sink, families.selfTests, objectOf(log)["count"], device, type);
    const failed = objectOf(log)["error_count_total"];
    addNumber(sink, families.selfTestErrors, failed, device, type);
  }
  for (const [type, value] of Object.entries(at("ata_sct_erc"))) {
    const tenths = numberOf(objectOf(value)["deciseconds"]);
    if (tenths !== undefined) sink.add(families.erc, tenths / 10, device, type);
  }
}

function namesOf(flags: JsonObject, names: readonly string[]): string {
  return names.filter((name) => flags[name] === true).join(",");
}
