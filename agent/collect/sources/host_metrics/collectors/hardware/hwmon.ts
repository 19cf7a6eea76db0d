import { realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Collector } from "../../collector.ts";
import type { Family, SampleSink } from "../../../../samples/family.ts";
import { NoDataError } from "../../collector.ts";
import { counter, familiesByKey, gauge } from "../../../../samples/family.ts";
import { listNames, readAttribute } from "../../text_file.ts";

const sensorLabels = ["chip", "sensor"] as const;
const chipNames = gauge("node_hwmon_chip_names", "Name that a chip gives itself; always 1.", [
  "chip",
  "chip_name",
]);
const sensorLabel = gauge("node_hwmon_sensor_label", "Name that a sensor has; always 1.", [
  "label",
  "chip",
  "sensor",
]);
const sensorTypes = new Set(
  "vrm beep_enable update_interval in cpu fan pwm temp curr power energy humidity intrusion".split(
    " ",
  ),
);

/** Sensors by name ("temp1"), their properties by name ("input", "max"; "" for the file without one). */
export type Sensors = Map<string, { readonly type: string; readonly values: Map<string, string> }>;

export const hwmon: Collector = {
  name: "hwmon",
  create({ sys }) {
    const base = `${sys}/class/hwmon`;
    const familyOf = familiesByKey(familyByKey);
    return (sink) => {
      const chips = listNames(base);
      if (chips === undefined) throw new NoDataError("hardware sensors");
      for (const directory of chips.map((name) => `${base}/${name}`)) {
        const sensors: Sensors = new Map();
        // Older drivers keep the sensors beside the device.
        readSensors(`${directory}/device`, sensors);
        readSensors(directory, sensors);
        const chip = chipName(directory);
        const ownName = cleanName(readAttribute(`${directory}/name`) ?? "");
        if (ownName !== "") sink.add(chipNames, 1, chip, ownName);
        addSensors(sink, familyOf, chip, sensors);
      }
    };
  },
};

/** "temp1_crit_alarm" as type "temp", sensor "temp1", property "crit_alarm"; undefined for a file of another kind. */
export function parseSensorFile(
  name: string,
): { type: string; sensor: string; property: string } | undefined {
  const parts = /^([^0-9]+)([0-9]*)(?:_(.+))?$/.exec(name);
  const type = parts?.[1] ?? "";
  if (!sensorTypes.has(type)) return undefined;
  return { type, sensor: `${type}${Number(parts?.[2] ?? 0)}`, property: parts?.[3] ?? "" };
}

/** Name, factor and kind of the family of one property, as node_exporter names them. */
export function describeSensor(
  type: string,
  property: string,
  hasPlainValue: boolean,
): { name: string; factor: number; isCounter: boolean } {
  const part = property === "input" && !hasPlainValue ? "" : cleanName(property);
  const name = part === "" ? `node_hwmon_${type}` : `node_hwmon_${type}_${part}`;
  const described = (suffix: string, factor: number) => ({
    name: name + suffix,
    factor,
    isCounter: suffix === "_joule_total",
  });
  if (type === "beep_enable") return { ...described("", 1), name: "node_hwmon_beep_enabled" };
  if (type === "vrm") return { ...described("", 1), name: "node_hwmon_voltage_regulator_version" };
  if (type === "update_interval") return described("_seconds", 0.001);
  if (property === "fault" || property === "alarm") return described("", 1);
  if (property === "beep") return described("_enabled", 1);
  if (type === "in" || type === "cpu") return described("_volts", 0.001);
  if (type === "temp" && property !== "type") return described("_celsius", 0.001);
  if (type === "curr") return described("_amps", 0.001);
  if (type === "energy") return described("_joule_total", 1e-6);
  if (type === "power" && property === "accuracy") return described("", 1e-6);
  if (type === "power" && property.startsWith("average_interval")) {
    return described("_seconds", 0.001);
  }
  if (type === "power") return described("_watt", 1e-6);
  if (type === "humidity") return described("", 1e-6);
  const isSpeed = type === "fan" && ["input", "min", "max", "target"].includes(property);
  return described(isSpeed ? "_rpm" : "", 1);
}

function addSensors(
  sink: SampleSink,
  familyOf: (key: string) => Family,
  chip: string,
  sensors: Sensors,
): void {
  for (const [sensor, { type, values }] of sensors) {
    for (const [property, text] of values) {
      if (property === "label") {
        sink.add(sensorLabel, 1, text, chip, sensor);
        continue;
      }
      const value = text === "" ? Number.NaN : Number(text);
      if (Number.isNaN(value)) continue;
      const { name, factor, isCounter } = describeSensor(type, property, values.has(""));
      // Divided where the factor is a millionth: the nearest double to the true quotient.
      const scaled = factor === 1e-6 ? value / 1e6 : value * factor;
      sink.add(familyOf(`${isCounter ? "c" : "g"}${name}`), scaled, chip, sensor);
    }
  }
}

function familyByKey(key: string): Family {
  const name = key.slice(1);
  const help = "Reading of a hardware sensor.";
  return key.startsWith("c") ? counter(name, help, sensorLabels) : gauge(name, help, sensorLabels);
}

function readSensors(directory: string, sensors: Sensors): void {
  for (const name of listNames(directory) ?? []) {
    const parsed = parseSensorFile(name);
    if (parsed === undefined) continue;
    const text = readAttribute(`${directory}/${name}`);
    if (text === undefined) continue;
    const { type, sensor, property } = parsed;
    const known = sensors.get(sensor) ?? { type, values: new Map<string, string>() };
    known.values.set(property, text);
    sensors.set(sensor, known);
  }
}

/** The number in hwmon0 changes with the order of drivers, the path of the device does not: "platform_coretemp_0". */
function chipName(directory: string): string {
  const device = realPath(`${directory}/device`);
  if (device !== undefined) {
    const [type, name] = [cleanName(basename(dirname(device))), cleanName(basename(device))];
    if (name !== "") return type === "" ? name : `${type}_${name}`;
  }
  return cleanName(readAttribute(`${directory}/name`) ?? "") || cleanName(basename(directory));
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function cleanName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, "_")
    .replace(/^_+|_+$/g, "");
}
