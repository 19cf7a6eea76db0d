import type { Collector } from "../../collector.ts";
import { counter } from "../../../../samples/family.ts";
import { rememberedTest } from "../../filter.ts";
import { readNumber, readText, wordsOfLine } from "../../text_file.ts";

/** Columns of /proc/net/dev in the kernel's order. */
const receive = [
  ["bytes", "Bytes received."],
  ["packets", "Packets received."],
  ["errs", "Receive errors."],
  ["drop", "Packets dropped on receipt."],
  ["fifo", "Overruns of the receive buffer."],
  ["frame", "Framing, length and checksum errors on receipt."],
  ["compressed", "Compressed packets received."],
  ["multicast", "Multicast packets received."],
] as const;
const transmit = [
  ["bytes", "Bytes sent."],
  ["packets", "Packets sent."],
  ["errs", "Send errors."],
  ["drop", "Packets dropped on sending."],
  ["fifo", "Overruns of the send buffer."],
  ["colls", "Collisions on sending."],
  ["carrier", "Losses of carrier and aborts on sending."],
  ["compressed", "Compressed packets sent."],
] as const;
const columns = [
  ...receive.map(([name, help]) => counter(`node_network_receive_${name}_total`, help, ["device"])),
  ...transmit.map(([name, help]) =>
    counter(`node_network_transmit_${name}_total`, help, ["device"]),
  ),
];
const noHandler = counter(
  "node_network_receive_nohandler_total",
  "Packets received that no protocol wanted.",
  ["device"],
);

export const netdev: Collector = {
  name: "netdev",
  create({ proc, sys }, { netdevDeviceExclude }) {
    const excluded = rememberedTest(netdevDeviceExclude);
    return (sink) => {
      for (const { device, counts } of parseNetworkDevices(readText(`${proc}/net/dev`))) {
        if (excluded(device)) continue;
        columns.forEach((family, i) => sink.add(family, counts[i] ?? 0, device));
        // The one counter that /proc/net/dev lacks.
        const unwanted = readNumber(`${sys}/class/net/${device}/statistics/rx_nohandler`);
        if (unwanted !== undefined) sink.add(noHandler, unwanted, device);
      }
    };
  },
};

/** Lines "  eth0: 1 2 ..." after two lines of heading; a long number may follow the colon at once. */
export function parseNetworkDevices(text: string): { device: string; counts: number[] }[] {
  const devices: { device: string; counts: number[] }[] = [];
  for (const line of text.split("\n").slice(2)) {
    // The last colon: the name of an alias holds one itself.
    const nameEnd = line.lastIndexOf(":");
    if (nameEnd === -1) continue;
    const counts = wordsOfLine(line.slice(nameEnd + 1)).map(Number);
    devices.push({ device: line.slice(0, nameEnd).trim(), counts });
  }
  return devices;
}
