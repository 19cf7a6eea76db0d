import type { Collector } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { listNames, readAttribute, readNumber } from "../../text_file.ts";

const temperature = gauge("node_thermal_zone_temp", "Temperature of a zone in degrees Celsius.", [
  "zone",
  "type",
]);
const cooling = ["name", "type"] as const;
const coolingNow = gauge("node_cooling_device_cur_state", "Level of a cooling device.", cooling);
const coolingMax = gauge("node_cooling_device_max_state", "Highest level of it.", cooling);
const zonePrefix = "thermal_zone";
const coolingPrefix = "cooling_device";

export const thermalZone: Collector = {
  name: "thermal_zone",
  create({ sys }) {
    const base = `${sys}/class/thermal`;
    return (sink) => {
      for (const name of listNames(base) ?? []) {
        const type = readAttribute(`${base}/${name}/type`) ?? "";
        if (name.startsWith(zonePrefix)) {
          const milli = readNumber(`${base}/${name}/temp`);
          const zone = name.slice(zonePrefix.length);
          if (milli !== undefined) sink.add(temperature, milli / 1_000, zone, type);
        } else if (name.startsWith(coolingPrefix)) {
          const id = name.slice(coolingPrefix.length);
          const now = readNumber(`${base}/${name}/cur_state`);
          const max = readNumber(`${base}/${name}/max_state`);
          if (now !== undefined) sink.add(coolingNow, now, id, type);
          if (max !== undefined) sink.add(coolingMax, max, id, type);
        }
      }
    };
  },
};
