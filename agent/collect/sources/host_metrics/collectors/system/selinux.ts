import type { Collector } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { readNumber, readTextIfReadable } from "../../text_file.ts";

const enabled = gauge("node_selinux_enabled", "1 where SELinux is on.");
const configured = gauge(
  "node_selinux_config_mode",
  "Mode in SELinux's configuration: 1 enforcing, 0 permissive, -1 disabled.",
);
const current = gauge("node_selinux_current_mode", "Mode in force: 1 enforcing, 0 permissive.");
const modes = new Map([
  ["enforcing", 1],
  ["permissive", 0],
]);

export const selinux: Collector = {
  name: "selinux",
  create({ sys, rootfs }) {
    const config = `${rootfs.replace(/\/+$/, "")}/etc/selinux/config`;
    return (sink) => {
      const enforce = readNumber(`${sys}/fs/selinux/enforce`);
      sink.add(enabled, enforce === undefined ? 0 : 1);
      if (enforce === undefined) return;
      const mode = /^SELINUX=(\w+)/m.exec(readTextIfReadable(config) ?? "")?.[1] ?? "";
      sink.add(configured, modes.get(mode) ?? -1);
      sink.add(current, enforce);
    };
  },
};
