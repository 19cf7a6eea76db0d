import type { Collector } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { listNames, readAttribute, readNumber } from "../../text_file.ts";

/** Attributes of /sys/class/power_supply/<name>, and the metric's name where it is another. */
const plain =
  "authentic calibrate capacity capacity_alert_max capacity_alert_min cycle_count=cyclecount online present " +
  "time_to_empty_now=time_to_empty_seconds time_to_full_now=time_to_full_seconds";
const millionths =
  "current_boot current_max current_now=current_ampere energy_empty energy_empty_design energy_full " +
  "energy_full_design energy_now=energy_watthour voltage_boot voltage_max voltage_max_design voltage_min " +
  "voltage_min_design voltage_now=voltage_volt voltage_ocv charge_control_limit charge_control_limit_max " +
  "charge_counter charge_empty charge_empty_design charge_full charge_full_design charge_now=charge_ampere " +
  "charge_term_current constant_charge_current constant_charge_current_max constant_charge_voltage " +
  "constant_charge_voltage_max precharge_current input_current_limit power_now=power_watt";
const tenths =
  "temp=temp_celsius temp_alert_max=temp_alert_max_celsius temp_alert_min=temp_alert_min_celsius " +
  "temp_ambient=temp_ambient_celsius temp_ambient_alert_max=temp_ambient_max_celsius " +
  "temp_ambient_alert_min=temp_ambient_min_celsius temp_max=temp_max_celsius temp_min=temp_min_celsius";
const attributes = new Map([
  ...attributesOf(plain, 1),
  ...attributesOf(millionths, 1e6),
  ...attributesOf(tenths, 10),
]);
const infoFiles = [
  "capacity_level",
  "charge_type",
  "health",
  "manufacturer",
  "model_name",
  "serial_number",
  "status",
  "technology",
  "type",
  "usb_type",
  "scope",
];
const info = gauge("node_power_supply_info", "Properties of a power supply; always 1.", [
  "power_supply",
  ...infoFiles,
]);

export const powersupplyclass: Collector = {
  name: "powersupplyclass",
  create({ sys }) {
    const base = `${sys}/class/power_supply`;
    return (sink) => {
      for (const name of listNames(base) ?? []) {
        for (const file of listNames(`${base}/${name}`) ?? []) {
          const attribute = attributes.get(file);
          if (attribute === undefined) continue;
          const value = readNumber(`${base}/${name}/${file}`);
          if (value !== undefined) sink.add(attribute.family, value / attribute.divisor, name);
        }
        const texts = infoFiles.map((file) => readAttribute(`${base}/${name}/${file}`) ?? "");
        sink.add(info, 1, name, ...texts);
      }
    };
  },
};

function attributesOf(list: string, divisor: number) {
  return list.split(" ").map((entry) => {
    const [file = "", name = file] = entry.split("=");
    const help = `Attribute ${file} of a power supply, in base units.`;
    const family = gauge(`node_power_supply_${name}`, help, ["power_supply"]);
    return [file, { family, divisor }] as const;
  });
}
