import type { Collector } from "../../collector.ts";
import { NoDataError } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { listNames, readAttribute, readNumber } from "../../text_file.ts";

const name = ["name"] as const;
const attributes = [
  ["bootstatus", gauge("node_watchdog_bootstatus", "Status of the watchdog at boot.", name)],
  ["fw_version", gauge("node_watchdog_fw_version", "Version of its firmware.", name)],
  ["nowayout", gauge("node_watchdog_nowayout", "1 where it cannot be stopped.", name)],
  ["timeleft", gauge("node_watchdog_timeleft_seconds", "Time left before it acts.", name)],
  ["timeout", gauge("node_watchdog_timeout_seconds", "Time after which it acts.", name)],
  ["pretimeout", gauge("node_watchdog_pretimeout_seconds", "Time before that to warn.", name)],
  [
    "access_cs0",
    gauge("node_watchdog_access_cs0", "Whether it boots from the second flash.", name),
  ],
] as const;
const available = gauge("node_watchdog_available", "Governors on offer; always 1.", [
  "available",
  "device",
]);
const infoFiles = ["options", "identity", "state", "status", "pretimeout_governor"] as const;
const info = gauge("node_watchdog_info", "Properties of a watchdog; always 1.", [
  "name",
  ...infoFiles,
]);

export const watchdog: Collector = {
  name: "watchdog",
  create({ sys }) {
    const base = `${sys}/class/watchdog`;
    return (sink) => {
      const devices = listNames(base) ?? [];
      if (devices.length === 0) throw new NoDataError("watchdogs");
      for (const device of devices) {
        for (const [file, family] of attributes) {
          const value = readNumber(`${base}/${device}/${file}`);
          if (value !== undefined) sink.add(family, value, device);
        }
        const governors = readAttribute(`${base}/${device}/pretimeout_available_governors`) ?? "";
        for (const governor of governors.split(/\s+/)) {
          if (governor !== "") sink.add(available, 1, governor, device);
        }
        const texts = infoFiles.map((file) => readAttribute(`${base}/${device}/${file}`) ?? "");
        sink.add(info, 1, device, ...texts);
      }
    };
  },
};
