import { type Family, counter, gauge } from "../../collect/samples/family.ts";
import type { NumberAt } from "../connections/json_value.ts";

const own = ["device"];
const g = (name: string, help: string): Family => gauge(`smartctl_device_${name}`, help, own);
const c = (name: string, help: string): Family => counter(`smartctl_device_${name}`, help, own);

/** Labels of smartctl_device. */
export const deviceLabels = [
  "device",
  "interface",
  "protocol",
  "model_family",
  "model_name",
  "serial_number",
  "ata_additional_product_id",
  "firmware_version",
  "ata_version",
  "sata_version",
  "form_factor",
  "scsi_vendor",
  "scsi_product",
  "scsi_revision",
  "scsi_version",
] as const;

/** Names, kinds and labels as in smartctl_exporter's metrics.go and smartctl.go. */
export const families = {
  version: gauge("smartctl_version", "1, with smartctl's version.", [
    "json_format_version",
    "smartctl_version",
    "svn_revision",
    "build_info",
  ]),
  devices: gauge("smartctl_devices", "Disks that are asked."),
  device: gauge("smartctl_device", "1, with what the disk is.", deviceLabels),
  blockSize: gauge("smartctl_device_block_size", "Bytes of a block.", ["device", "blocks_type"]),
  speed: gauge("smartctl_device_interface_speed", "Bits a second of its connection.", [
    "device",
    "speed_type",
  ]),
  attribute: gauge("smartctl_device_attribute", "An attribute that the disk keeps of itself.", [
    "device",
    "attribute_name",
    "attribute_flags_short",
    "attribute_flags_long",
    "attribute_value_type",
    "attribute_id",
  ]),
  powerOn: c("power_on_seconds", "Time that it was switched on."),
  temperature: gauge(
    "smartctl_device_temperature",
    "Temperature and its limits, in degrees Celsius.",
    ["device", "temperature_type"],
  ),
  rotation: g("rotation_rate", "Rotations a minute."),
  powerCycles: c("power_cycle_count", "Times that it was switched on."),
  bytesRead: c("bytes_read", "Bytes read."),
  bytesWritten: c("bytes_written", "Bytes written."),
  statistics: gauge("smartctl_device_statistics", "What it counts of itself.", [
    "device",
    "statistic_table",
    "statistic_name",
    "statistic_flags_short",
    "statistic_flags_long",
  ]),
  errorLog: gauge("smartctl_device_error_log_count", "Errors in its log.", [
    "device",
    "error_log_type",
  ]),
  selfTests: gauge("smartctl_device_self_test_log_count", "Tests of itself in its log.", [
    "device",
    "self_test_log_type",
  ]),
  selfTestErrors: gauge(
    "smartctl_device_self_test_log_error_count",
    "Tests of itself that failed.",
    ["device", "self_test_log_type"],
  ),
  erc: gauge(
    "smartctl_device_erc_seconds",
    "How long it tries to read or write before it gives up.",
    ["device", "op_type"],
  ),
} as const;

/** Numbers that lie where one of its metrics is, with the device as the only label. */
export const plainNumbers: readonly NumberAt[] = [
  [
    "smartctl.exit_status",
    g("smartctl_exit_status", "How smartctl ended; a bit for each kind of trouble."),
  ],
  ["smart_status.passed", g("smart_status", "1 where the disk says that it is well, else 0.")],
  ["smart_status.passed", g("status", "1 where the disk says that it is well, else 0.")],
  ["user_capacity.blocks", g("capacity_blocks", "Size in blocks.")],
  ["user_capacity.bytes", g("capacity_bytes", "Size.")],
  ["nvme_total_capacity", g("nvme_capacity_bytes", "Size, without regard to name spaces.")],
  [
    "ata_sct_status.device_state",
    g("state", "0 active, 1 standby, 2 sleep, 3 self-test, 4 offline, 5 SCT command."),
  ],
  [
    "nvme_smart_health_information_log.percentage_used",
    c("percentage_used", "Wear, in percent of what it was made for; may be above 100."),
  ],
  [
    "nvme_smart_health_information_log.available_spare",
    c("available_spare", "Spare blocks left, in percent."),
  ],
  [
    "nvme_smart_health_information_log.available_spare_threshold",
    c("available_spare_threshold", "Spare blocks below which it warns, in percent."),
  ],
  [
    "nvme_smart_health_information_log.critical_warning",
    c("critical_warning", "Warnings, a bit each."),
  ],
  [
    "nvme_smart_health_information_log.media_errors",
    c("media_errors", "Times that data could not be read back."),
  ],
  [
    "nvme_smart_health_information_log.num_err_log_entries",
    c("num_err_log_entries", "Errors ever logged."),
  ],
  // Units of 1,000 blocks of 512 bytes (NVM Express base specification), whatever the block size.
  ["nvme_smart_health_information_log.data_units_read", families.bytesRead, 512_000],
  ["nvme_smart_health_information_log.data_units_written", families.bytesWritten, 512_000],
];

const ways = [
  ["read", "Reads"],
  ["write", "Writes"],
] as const;
const corrections = [
  ["errors_corrected_by_rereads_rewrites", "that succeeded after a retry."],
  ["errors_corrected_by_eccfast", "corrected without delay."],
  ["errors_corrected_by_eccdelayed", "corrected with delay."],
  ["total_uncorrected_errors", "that failed."],
] as const;

/** Of SCSI and SAS disks. */
export const scsiNumbers: readonly NumberAt[] = [
  [
    "scsi_grown_defect_list",
    gauge("smartctl_scsi_grown_defect_list", "Blocks that became defective.", own),
  ],
  ...ways.flatMap(([way, what]) =>
    corrections.map(([field, how]): NumberAt => [
      `scsi_error_counter_log.${way}.${field}`,
      gauge(`smartctl_${way}_${field}`, `${what} ${how}`, own),
    ]),
  ),
];
