import type { Collector } from "../../collector.ts";
import { NoDataError } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { listNames, readAttribute } from "../../text_file.ts";

/** Files of /sys/class/dmi/id that become labels of the same name, but for sys_vendor. */
const files = [
  "bios_date",
  "bios_release",
  "bios_vendor",
  "bios_version",
  "board_asset_tag",
  "board_name",
  "board_serial",
  "board_vendor",
  "board_version",
  "chassis_asset_tag",
  "chassis_serial",
  "chassis_vendor",
  "chassis_version",
  "product_family",
  "product_name",
  "product_serial",
  "product_sku",
  "product_uuid",
  "product_version",
  "sys_vendor",
];
const info = gauge(
  "node_dmi_info",
  "What the firmware tells about the machine; always 1.",
  files.map((file) => (file === "sys_vendor" ? "system_vendor" : file)),
);

export const dmi: Collector = {
  name: "dmi",
  create({ sys }) {
    const base = `${sys}/class/dmi/id`;
    // The machine stays the same as long as this process runs.
    const isPresent = listNames(base) !== undefined;
    const values = files.map((file) => readAttribute(`${base}/${file}`) ?? "");
    return (sink) => {
      if (!isPresent) throw new NoDataError("DMI");
      sink.add(info, 1, ...values);
    };
  },
};
