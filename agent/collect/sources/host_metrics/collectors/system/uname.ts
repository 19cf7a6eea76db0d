import { machine } from "node:os";
import type { Collector } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { readAttribute } from "../../text_file.ts";

const info = gauge("node_uname_info", "What uname(2) tells; always 1.", [
  "sysname",
  "release",
  "version",
  "machine",
  "nodename",
  "domainname",
]);

export const uname: Collector = {
  name: "uname",
  create({ proc }) {
    const kernel = (name: string) => readAttribute(`${proc}/sys/kernel/${name}`) ?? "";
    return (sink) => {
      const release = [kernel("ostype"), kernel("osrelease"), kernel("version"), machine()];
      sink.add(info, 1, ...release, kernel("hostname"), kernel("domainname"));
    };
  },
};
