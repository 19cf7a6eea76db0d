import type { Collector } from "../../collector.ts";
import { NoDataError } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { listNames, readAttribute } from "../../text_file.ts";

const attributes = ["firmware_rev", "model", "serial", "state"] as const;
const info = gauge("node_nvme_info", "Properties of an NVMe device; always 1.", [
  "device",
  "firmware_revision",
  "model",
  "serial",
  "state",
]);

export const nvme: Collector = {
  name: "nvme",
  create({ sys }) {
    const base = `${sys}/class/nvme`;
    return (sink) => {
      const names = listNames(base);
      if (names === undefined) throw new NoDataError("NVMe devices");
      for (const name of names) {
        const values = attributes.map((file) => readAttribute(`${base}/${name}/${file}`) ?? "");
        sink.add(info, 1, name, ...values);
      }
    };
  },
};
