/**
 * What three disks told smartctl 7.3, shortened to what is read. Figures from recordings in github.com/prometheus-community/smartctl_exporter
 * (testdata/KXG60ZNV512G_TOSHIBA_8.json, WDC_WD20EFRX-68EUZN0_17.json, HITACHI_H109060SESUN600G_9.json); serial numbers are blanked there.
 */
export const recordedDisks = {
  "/dev/nvme2": {
    device: { name: "/dev/nvme2", protocol: "NVMe", type: "nvme" },
    firmware_version: "REDACTED",
    logical_block_size: 512,
    model_name: "KXG60ZNV512G TOSHIBA",
    nvme_smart_health_information_log: {
      available_spare: 100,
      available_spare_threshold: 10,
      critical_warning: 0,
      data_units_read: 10_480_864,
      data_units_written: 5_578_530,
      media_errors: 0,
      num_err_log_entries: 0,
      percentage_used: 4,
      temperature_sensors: [35],
    },
    nvme_total_capacity: 512_110_190_592,
    power_cycle_count: 52,
    power_on_time: { hours: 12_728 },
    serial_number: "REDACTED",
    smart_status: { nvme: { value: 0 }, passed: true },
    smartctl: { exit_status: 0, version: [7, 3] },
    temperature: { current: 35 },
    user_capacity: { blocks: 1_000_215_216, bytes: 512_110_190_592 },
  },
  "/dev/sdb": {
    ata_smart_attributes: {
      table: [
        attribute(
          1,
          "Raw_Read_Error_Rate",
          "POSR-K ",
          [200, 200, 51, 114],
          ["prefailure", "updated_online", "performance", "error_rate", "auto_keep"],
        ),
        attribute(
          5,
          "Reallocated_Sector_Ct",
          "PO--CK ",
          [200, 200, 140, 0],
          ["prefailure", "updated_online", "event_count", "auto_keep"],
        ),
        attribute(
          194,
          "Temperature_Celsius",
          "-O---K ",
          [113, 110, 0, 34],
          ["updated_online", "auto_keep"],
        ),
        attribute(
          197,
          "Current_Pending_Sector",
          "-O--CK ",
          [200, 200, 0, 0],
          ["updated_online", "event_count", "auto_keep"],
        ),
        attribute(
          199,
          "UDMA_CRC_Error_Count",
          "-O--CK ",
          [200, 200, 0, 0],
          ["updated_online", "event_count", "auto_keep"],
        ),
      ],
    },
    ata_smart_error_log: { summary: { count: 0, revision: 1 } },
    ata_version: { string: "ACS-2 (minor revision not indicated)" },
    device: { name: "/dev/sdb", protocol: "ATA", type: "sat" },
    firmware_version: "REDACTED",
    interface_speed: {
      current: { bits_per_unit: 100_000_000, units_per_second: 60 },
      max: { bits_per_unit: 100_000_000, units_per_second: 60 },
    },
    logical_block_size: 512,
    model_family: "Western Digital Red",
    model_name: "WDC WD20EFRX-68EUZN0",
    physical_block_size: 4_096,
    power_cycle_count: 3,
    power_on_time: { hours: 47_657 },
    rotation_rate: 5_400,
    sata_version: { string: "SATA 3.0" },
    serial_number: "REDACTED",
    smart_status: { passed: true },
    smartctl: { exit_status: 0, version: [7, 3] },
    temperature: { current: 34 },
    user_capacity: { blocks: 3_907_029_168, bytes: 2_000_398_934_016 },
  },
  "/dev/sda": {
    device: { name: "/dev/sda", protocol: "SCSI", type: "scsi" },
    form_factor: { name: "2.5 inches" },
    logical_block_size: 512,
    power_on_time: { hours: 982, minutes: 1 },
    rotation_rate: 10_020,
    scsi_error_counter_log: {
      read: { errors_corrected_by_rereads_rewrites: 0, total_uncorrected_errors: 0 },
      write: { errors_corrected_by_rereads_rewrites: 0, total_uncorrected_errors: 0 },
    },
    scsi_grown_defect_list: 0,
    scsi_model_name: "HITACHI H109060SESUN600G",
    scsi_product: "H109060SESUN600G",
    scsi_revision: "A690",
    scsi_vendor: "HITACHI",
    scsi_version: "SPC-4",
    serial_number: "REDACTED",
    smart_status: { passed: true },
    smartctl: { exit_status: 0, version: [7, 3] },
    temperature: { current: 27, drive_trip: 85 },
    user_capacity: { blocks: 1_172_123_568, bytes: 600_127_266_816 },
  },
};

function attribute(
  id: number,
  name: string,
  string: string,
  [value, worst, thresh, raw]: readonly [number, number, number, number],
  set: readonly string[],
) {
  const flags = Object.fromEntries(set.map((flag) => [flag, true]));
  return { id, name, flags: { string, ...flags }, value, worst, thresh, raw: { value: raw } };
}
