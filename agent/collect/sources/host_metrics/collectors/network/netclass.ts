import type { Collector } from "../../collector.ts";
import { NoDataError } from "../../collector.ts";
import { counter, gauge } from "../../../../samples/family.ts";
import { rememberedTest } from "../../filter.ts";
import { listNames, readAttribute, readNumber } from "../../text_file.ts";

const device = ["device"] as const;

/** Numeric attributes of /sys/class/net/<device>; a device lacks some, or answers with an error while it is down. */
const attributes = [
  [
    "addr_assign_type",
    gauge("node_network_address_assign_type", "How the hardware address was given.", device),
  ],
  ["carrier", gauge("node_network_carrier", "1 where a carrier is there.", device)],
  [
    "carrier_changes",
    counter("node_network_carrier_changes_total", "Times the carrier came or went.", device),
  ],
  [
    "carrier_up_count",
    counter("node_network_carrier_up_changes_total", "Times the carrier came.", device),
  ],
  [
    "carrier_down_count",
    counter("node_network_carrier_down_changes_total", "Times the carrier went.", device),
  ],
  [
    "dev_id",
    gauge("node_network_device_id", "Tells devices of one hardware address apart.", device),
  ],
  ["dormant", gauge("node_network_dormant", "1 where it waits for an external event.", device)],
  ["flags", gauge("node_network_flags", "Interface flags, as in netdevice(7).", device)],
  ["ifindex", gauge("node_network_iface_id", "Number of the interface.", device)],
  ["iflink", gauge("node_network_iface_link", "Number of the interface below it.", device)],
  ["link_mode", gauge("node_network_iface_link_mode", "Policy of the link's state.", device)],
  ["mtu", gauge("node_network_mtu_bytes", "Largest packet that can be sent.", device)],
  [
    "name_assign_type",
    gauge("node_network_name_assign_type", "How the interface got its name.", device),
  ],
  ["netdev_group", gauge("node_network_net_dev_group", "Group of the interface.", device)],
  [
    "tx_queue_len",
    gauge("node_network_transmit_queue_length", "Packets that the send queue may hold.", device),
  ],
  ["type", gauge("node_network_protocol_type", "Kind of hardware, as in if_arp.h.", device)],
] as const;
const speed = gauge("node_network_speed_bytes", "Speed of the link in bytes a second.", device);
const up = gauge("node_network_up", "1 where the interface is operational.", device);
const info = gauge("node_network_info", "Properties of an interface; always 1.", [
  "device",
  "address",
  "broadcast",
  "duplex",
  "operstate",
  "ifalias",
]);
const bytesPerMegabit = 125_000;

export const netclass: Collector = {
  name: "netclass",
  create({ sys }, { netclassIgnoredDevices }) {
    const ignored = rememberedTest(netclassIgnoredDevices);
    return (sink) => {
      const names = listNames(`${sys}/class/net`);
      if (names === undefined) throw new NoDataError("network devices");
      for (const name of names) {
        if (ignored(name)) continue;
        const base = `${sys}/class/net/${name}`;
        const text = (attribute: string) => readAttribute(`${base}/${attribute}`) ?? "";
        const state = text("operstate");
        // A plain file, such as bonding_masters, is no device.
        if (state === "") continue;
        sink.add(up, state === "up" ? 1 : 0, name);
        const [address, broadcast] = [text("address"), text("broadcast")];
        sink.add(info, 1, name, address, broadcast, text("duplex"), state, text("ifalias"));
        for (const [attribute, family] of attributes) {
          const value = readNumber(`${base}/${attribute}`);
          if (value !== undefined) sink.add(family, value, name);
        }
        const megabits = readNumber(`${base}/speed`);
        if (megabits !== undefined) sink.add(speed, megabits * bytesPerMegabit, name);
      }
    };
  },
};
