import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { deviceLabel } from "./disk_samples.ts";
import { emulatedDisks } from "./emulated_disks.fixture.ts";
import { smart } from "./integration.ts";
import { recordedDisks } from "./recorded_disks.fixture.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "smartctl-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const scan = {
  json_format_version: [1, 0],
  smartctl: { version: [7, 3], svn_revision: "5338", build_info: "(local build)", exit_status: 0 },
};

/** A program that says what was recorded, by the device at the end of its arguments. */
function smartctl(disks: Readonly<Record<string, object | string>>): string[] {
  const devices = Object.keys(disks).map((name) => ({ name, type: "auto" }));
  say("--scan", { ...scan, devices });
  for (const [name, answer] of Object.entries(disks)) say(name, answer);
  const program = join(folder, "smartctl");
  writeFileSync(
    program,
    `#!/bin/sh\necho "$*" >> ${folder}/asked\nfor last; do :; done\ncat "${folder}/$(basename -- "$last").json"\n`,
  );
  chmodSync(program, 0o755);
  return [program];
}

function say(name: string, answer: object | string): void {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  writeFileSync(join(folder, `${basename(name)}.json`), text);
}

const asked = () => readFileSync(join(folder, "asked"), "utf8").trim().split("\n");

test("smart: an NVMe, a SATA and a SAS disk; all that is shown was collected", async () => {
  const command = smartctl(recordedDisks);
  const { samples, degraded } = await new InstanceUnderTest(smart, { command }).tick();
  expect(degraded).toEqual([]);
  const values = Object.fromEntries(samples);
  expect(values).toMatchObject({
    smartctl_devices: 3,
    'smartctl_version{json_format_version="1.0",smartctl_version="7.3",svn_revision="5338",build_info="(local build)"}': 1,
    'smartctl_device{device="nvme2",interface="nvme",protocol="NVMe",model_name="KXG60ZNV512G TOSHIBA",serial_number="REDACTED",firmware_version="REDACTED"}': 1,
    'smartctl_device_percentage_used{device="nvme2"}': 4,
    'smartctl_device_bytes_written{device="nvme2"}': 5_578_530 * 512_000,
    'smartctl_device_smart_status{device="nvme2"}': 1,
    'smartctl_device_power_on_seconds{device="sda"}': 982 * 3_600 + 60,
    'smartctl_device_temperature{device="sda",temperature_type="drive_trip"}': 85,
    'smartctl_device_temperature{device="sdb",temperature_type="current"}': 34,
    'smartctl_device_interface_speed{device="sdb",speed_type="max"}': 6e9,
    'smartctl_device_rotation_rate{device="sdb"}': 5_400,
    'smartctl_device_block_size{device="sdb",blocks_type="physical"}': 4_096,
    'smartctl_device_attribute{device="sdb",attribute_name="Raw_Read_Error_Rate",attribute_flags_short="POSR-K",attribute_flags_long="prefailure,updated_online,performance,error_rate,auto_keep",attribute_value_type="raw",attribute_id="1"}': 114,
    'smartctl_scsi_grown_defect_list{device="sda"}': 0,
    'smartctl_device_error_log_count{device="sdb",error_log_type="summary"}': 0,
  });
  // A SATA disk knows nothing of wear.
  expect(samples.has('smartctl_device_percentage_used{device="sdb"}')).toBe(false);
  expectAssets(import.meta.dir, samples.keys());
});

test("smart: a SATA disk, which smartctl's scan calls scsi, is asked as what it is", async () => {
  for (const [name, answer] of Object.entries(emulatedDisks)) say(name, answer);
  const program = join(folder, "smartctl");
  writeFileSync(
    program,
    `#!/bin/sh
case "$*" in
*--scan*) cat ${folder}/scan.json ;;
*--device=scsi*) cat ${folder}/sataAsScsi.json ;;
*/dev/nvme0) cat ${folder}/nvme.json ;;
*) cat ${folder}/sata.json ;;
esac
`,
  );
  chmodSync(program, 0o755);
  const { samples, degraded } = await new InstanceUnderTest(smart, { command: [program] }).tick();
  expect(degraded).toEqual([]);
  expect(Object.fromEntries(samples)).toMatchObject({
    'smartctl_version{json_format_version="1.0",smartctl_version="7.3",svn_revision="5338",build_info="(local build)"}': 1,
    'smartctl_device_smart_status{device="sda"}': 1,
    'smartctl_device_temperature{device="sda",temperature_type="current"}': 31,
    'smartctl_device_attribute{device="sda",attribute_name="Reallocated_Sector_Ct",attribute_flags_short="PO----",attribute_flags_long="prefailure,updated_online",attribute_value_type="thresh",attribute_id="5"}': 36,
    'smartctl_device_capacity_bytes{device="sda"}': 67_108_864,
    'smartctl_device_error_log_count{device="sda",error_log_type="summary"}': 0,
    'smartctl_device_temperature{device="nvme0",temperature_type="current"}': 50,
    'smartctl_device_bytes_read{device="nvme0"}': 512_000,
  });
});

test("smart: a disk is asked at its interval, and named ones with their type without a choice by smartctl", async () => {
  const command = smartctl({ "/dev/sdb": recordedDisks["/dev/sdb"] });
  const devices = [{ name: "/dev/bus/sdb", type: "megaraid,3" }];
  const instance = new InstanceUnderTest(smart, { command, devices });
  const status = 'smartctl_device_status{device="bus_sdb_megaraid_3"}';
  expect((await instance.tick(0)).samples.get(status)).toBe(1);
  say("/dev/sdb", { ...recordedDisks["/dev/sdb"], smart_status: { passed: false } });
  expect((await instance.tick(15_000)).samples.get(status)).toBe(1);
  expect((await instance.tick(60_000)).samples.get(status)).toBe(0);
  expect(asked().map((line) => line.split(" ").at(-1))).toEqual([
    "--scan",
    "/dev/bus/sdb",
    "/dev/bus/sdb",
  ]);
  expect(asked()[1]).toContain("--nocheck=standby --device=megaraid,3");
});

const closed = (string: string) => ({
  smartctl: { exit_status: 2, messages: [{ string, severity: "information" }] },
});
const reasonOf = async (command: string[]) =>
  new InstanceUnderTest(smart, { command }).tick().then(
    ({ degraded }) => degraded.join("; "),
    (thrown: Error) => `down: ${thrown.message}`,
  );

test("smart: what a sleeping disk told before stays; one that can't be opened is told, its neighbours stay", async () => {
  const command = smartctl(recordedDisks);
  const instance = new InstanceUnderTest(smart, { command });
  await instance.tick(0);
  say("/dev/sdb", closed("Device is in STANDBY mode, exit(2)"));
  say("/dev/sda", closed("Smartctl open device: /dev/sda failed: Permission denied"));
  const { samples, degraded } = await instance.tick(60_000);
  expect(samples.get('smartctl_device_rotation_rate{device="sdb"}')).toBe(5_400);
  expect(degraded).toEqual(["sda: Smartctl open device: /dev/sda failed: Permission denied"]);
});

test("smart: no disk, none that answers, no JSON and no program are told with their reasons", async () => {
  expect(await reasonOf(smartctl({}))).toBe("no disk found");
  const string = "/dev/sda: Unable to detect device type";
  const answer = { smartctl: { exit_status: 1, messages: [{ string, severity: "error" }] } };
  expect(await reasonOf(smartctl({ "/dev/sda": answer }))).toBe(`down: ${string}`);
  expect(await reasonOf(smartctl({ "/dev/sda": "Segmentation fault" }))).toBe(
    "down: smartctl ended with 0 and without JSON",
  );
  expect(await reasonOf(["/bin/sh", "-c", "echo 'sudo: a password is required' >&2; exit 1"])).toBe(
    "down: sudo: a password is required",
  );
  expect(await reasonOf(["/nowhere/smartctl"])).toContain("down: can't run /nowhere/smartctl");
});

test("smart: a SAS disk tells of its starts in a place of its own, and of bytes as text in units of 10^9", async () => {
  const command = smartctl({
    "/dev/sdc": {
      device: { name: "/dev/sdc", protocol: "SCSI", type: "scsi" },
      scsi_start_stop_cycle_counter: { accumulated_start_stop_cycles: 12 },
      scsi_error_counter_log: {
        read: { gigabytes_processed: "1234.567", errors_corrected_by_eccfast: 8 },
        write: { gigabytes_processed: "-", total_uncorrected_errors: 1 },
      },
    },
  });
  const { samples } = await new InstanceUnderTest(smart, { command }).tick();
  expect(Object.fromEntries(samples)).toMatchObject({
    'smartctl_device_power_cycle_count{device="sdc"}': 12,
    'smartctl_device_bytes_read{device="sdc"}': 1_234_567_000_000,
    'smartctl_read_errors_corrected_by_eccfast{device="sdc"}': 8,
    'smartctl_write_total_uncorrected_errors{device="sdc"}': 1,
  });
  expect(samples.has('smartctl_device_bytes_written{device="sdc"}')).toBe(false);
});

test("smart: odd answers are no trouble: text in front, attributes twice, fields of other kinds", async () => {
  const table = [{ id: 9, raw: { value: 1 } }, { id: 9, raw: { value: 2 } }, "x", null];
  const odd = { ata_smart_attributes: { table }, temperature: "warm", power_on_time: [] };
  const command = smartctl({ "/dev/sda": `  Pending defect count:${JSON.stringify(odd)}` });
  const { samples } = await new InstanceUnderTest(smart, { command }).tick();
  const attributes = [...samples].filter(([key]) => key.startsWith("smartctl_device_attribute"));
  expect(attributes).toEqual([
    ['smartctl_device_attribute{device="sda",attribute_value_type="raw",attribute_id="9"}', 1],
  ]);
});

test("deviceLabel() names disks as smartctl_exporter does", () => {
  expect(deviceLabel("/dev/sda", "sat")).toBe("sda");
  expect(deviceLabel("/dev/bus/0", "megaraid,3")).toBe("bus_0_megaraid_3");
  expect(deviceLabel("/dev/disk/by-id/ata-X_1", "")).toBe("ata-X_1");
});

test("smart: found where smartctl and disks are", async () => {
  const files = { "/usr/sbin/smartctl": "", "/dev/sda": "", "/dev/sda1": "", "/dev/nvme0": "" };
  const processes = [{ name: "smartd" }];
  expect(await smart.detect(hostOf({ files, processes }))).toEqual([
    {
      confidence: 1,
      because: ["/usr/sbin/smartctl is installed", "disks /dev/sda, /dev/nvme0", "process smartd"],
      options: {},
      needs: [],
    },
  ]);
  expect(await smart.detect(hostOf({ files: { "/usr/sbin/smartctl": "" } }))).toEqual([]);
  expect(await smart.detect(hostOf({ files: { "/dev/sda": "" } }))).toEqual([]);
});
