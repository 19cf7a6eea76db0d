import type { Collector } from "../../collector.ts";
import { NoDataError } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { readAttribute, readTextIfReadable } from "../../text_file.ts";

const slaves = gauge("node_bonding_slaves", "Interfaces configured for a bond.", ["master"]);
const active = gauge("node_bonding_active", "Interfaces of a bond that are up.", ["master"]);

export const bonding: Collector = {
  name: "bonding",
  create({ sys }) {
    const base = `${sys}/class/net`;
    return (sink) => {
      const masters = readTextIfReadable(`${base}/bonding_masters`);
      if (masters === undefined) throw new NoDataError("bonded interfaces");
      for (const master of words(masters)) {
        const names = words(readTextIfReadable(`${base}/${master}/bonding/slaves`) ?? "");
        const up = names.filter((name) => isUp(`${base}/${master}`, name)).length;
        sink.add(slaves, names.length, master);
        sink.add(active, up, master);
      }
    };
  },
};

/** Older kernels call the link to a slave slave_<name>, newer ones lower_<name>. */
function isUp(directory: string, name: string): boolean {
  const state =
    readAttribute(`${directory}/lower_${name}/bonding_slave/mii_status`) ??
    readAttribute(`${directory}/slave_${name}/bonding_slave/mii_status`);
  return state === "up";
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
