import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import type { Collector } from "../collector.ts";
import { NoDataError } from "../collector.ts";
import { HostMetricsConfig, collectorOptions } from "../config.ts";
import { collectors } from "../registry.ts";

// Hardware that few machines have, as files of a temporary tree.
const rootfs = mkdtempSync(join(tmpdir(), "host_tree_"));
afterAll(() => rmSync(rootfs, { recursive: true }));
const root = { proc: join(rootfs, "proc"), sys: join(rootfs, "sys"), rootfs };
const options = collectorOptions(HostMetricsConfig.parse({}));

function put(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(rootfs, path)), { recursive: true });
    writeFileSync(join(rootfs, path), `${text}\n`);
  }
}

async function samplesOf(collector: Collector): Promise<Record<string, number>> {
  const samples: Record<string, number> = {};
  await collector.create(
    root,
    options,
  )({
    add: ({ name, labelNames }, value, ...values) => {
      expect(values).toHaveLength(labelNames.length);
      const pairs = labelNames.map((label, i) => [label, values[i] ?? ""]);
      samples[`${name} ${pairs.map(([label, text]) => `${label}=${text}`).join(" ")}`.trim()] =
        value;
    },
  });
  return samples;
}

test("collectors of absent hardware have nothing to report, and most others fail, on an empty tree", async () => {
  const { bonding, dmi, hwmon, mdadm, netclass, nvme, pressure, rapl, schedstat, watchdog } =
    collectors;
  const absent = [bonding, dmi, hwmon, mdadm, netclass, nvme, pressure, rapl, schedstat, watchdog];
  for (const collector of absent) {
    const thrown = await samplesOf(collector).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(NoDataError);
  }
  const thrown = await samplesOf(collectors.meminfo).catch(messageOf);
  expect(thrown).toContain(`cannot read ${root.proc}/meminfo`);
});

test("hwmon names a chip by its device", async () => {
  put({
    "sys/devices/platform/coretemp.0/hwmon/hwmon3/name": "coretemp",
    "sys/devices/platform/coretemp.0/hwmon/hwmon3/temp1_input": "42500",
    "sys/devices/platform/coretemp.0/hwmon/hwmon3/temp1_label": "Package id 0",
  });
  const chip = join(root.sys, "devices/platform/coretemp.0/hwmon/hwmon3");
  symlinkSync(join(root.sys, "devices/platform/coretemp.0"), join(chip, "device"));
  mkdirSync(join(root.sys, "class/hwmon"), { recursive: true });
  symlinkSync(chip, join(root.sys, "class/hwmon/hwmon3"));
  expect(await samplesOf(collectors.hwmon)).toEqual({
    "node_hwmon_chip_names chip=platform_coretemp_0 chip_name=coretemp": 1,
    "node_hwmon_temp_celsius chip=platform_coretemp_0 sensor=temp1": 42.5,
    "node_hwmon_sensor_label label=Package id 0 chip=platform_coretemp_0 sensor=temp1": 1,
  });
});

test("cpufreq, thermal_zone, powersupplyclass, edac, nvme, rapl report in base units", async () => {
  put({
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1600000",
    "sys/class/thermal/thermal_zone0/type": "x86_pkg_temp",
    "sys/class/thermal/thermal_zone0/temp": "27800",
    "sys/class/thermal/cooling_device0/type": "Processor",
    "sys/class/thermal/cooling_device0/cur_state": "1",
    "sys/class/power_supply/BAT0/voltage_now": "12229000",
    "sys/class/power_supply/BAT0/temp": "305",
    "sys/class/power_supply/BAT0/cycle_count": "9",
    "sys/class/power_supply/BAT0/status": "Full",
    "sys/devices/system/edac/mc/mc0/ce_count": "1",
    "sys/devices/system/edac/mc/mc0/ce_noinfo_count": "2",
    "sys/devices/system/edac/mc/mc0/csrow0/ue_count": "3",
    "sys/class/nvme/nvme0/model": "Disk  ",
    "sys/class/powercap/intel-rapl:0/name": "package-0",
    "sys/class/powercap/intel-rapl:0/energy_uj": "240422366267",
  });
  expect(await samplesOf(collectors.cpufreq)).toEqual({
    "node_cpu_scaling_frequency_hertz cpu=0": 1_600_000_000,
  });
  expect(await samplesOf(collectors.thermal_zone)).toEqual({
    "node_thermal_zone_temp zone=0 type=x86_pkg_temp": 27.8,
    "node_cooling_device_cur_state name=0 type=Processor": 1,
  });
  expect(await samplesOf(collectors.powersupplyclass)).toMatchObject({
    "node_power_supply_voltage_volt power_supply=BAT0": 12.229,
    "node_power_supply_temp_celsius power_supply=BAT0": 30.5,
    "node_power_supply_cyclecount power_supply=BAT0": 9,
  });
  expect(await samplesOf(collectors.edac)).toEqual({
    "node_edac_correctable_errors_total controller=0": 1,
    "node_edac_csrow_correctable_errors_total controller=0 csrow=unknown": 2,
    "node_edac_csrow_uncorrectable_errors_total controller=0 csrow=0": 3,
  });
  expect(Object.keys(await samplesOf(collectors.nvme))).toEqual([
    "node_nvme_info device=nvme0 firmware_revision= model=Disk serial= state=",
  ]);
  const zone = `index=0 path=${root.sys}/class/powercap/intel-rapl:0`;
  expect(await samplesOf(collectors.rapl)).toEqual({
    [`node_rapl_package_joules_total ${zone}`]: 240_422.366267,
  });
});

test("diskstats takes names of a disk from udev's database", async () => {
  put({
    "proc/diskstats": "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n   8       1 sda1 1 2 3",
    "run/udev/data/b8:0":
      "E:ID_MODEL=Fast\nE:ID_SERIAL_SHORT=S1\nE:ID_FS_TYPE=ext4\nE:ID_FS_UUID=u",
  });
  const samples = await samplesOf(collectors.diskstats);
  const info =
    "node_disk_info device=sda major=8 minor=0 path= wwn= model=Fast serial=S1 revision=";
  expect(samples).toMatchObject({
    [info]: 1,
    "node_disk_filesystem_info device=sda type=ext4 usage= uuid=u version=": 1,
    "node_disk_read_bytes_total device=sda": 1_536,
    "node_disk_read_time_seconds_total device=sda": 0.004,
    "node_disk_io_now device=sda": 9,
  });
  expect(Object.keys(samples)).toHaveLength(13);
});

test("bonding counts the slaves that are up", async () => {
  put({
    "sys/class/net/bonding_masters": "bond0",
    "sys/class/net/bond0/bonding/slaves": "eth0 eth1",
    "sys/class/net/bond0/lower_eth0/bonding_slave/mii_status": "up",
    "sys/class/net/bond0/slave_eth1/bonding_slave/mii_status": "down",
  });
  expect(await samplesOf(collectors.bonding)).toEqual({
    "node_bonding_slaves master=bond0": 2,
    "node_bonding_active master=bond0": 1,
  });
});
