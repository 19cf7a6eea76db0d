import type { Collector } from "../../collector.ts";
import { NoDataError } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { readTextIfReadable, wordsOfLine } from "../../text_file.ts";

const queues = gauge("node_udp_queues", "Bytes waiting in the queues of UDP sockets.", [
  "queue",
  "ip",
]);
const queueColumn = 4;

export const udpQueues: Collector = {
  name: "udp_queues",
  create({ proc }) {
    return (sink) => {
      const files = [
        ["v4", readTextIfReadable(`${proc}/net/udp`)],
        ["v6", readTextIfReadable(`${proc}/net/udp6`)],
      ] as const;
      if (files.every(([, text]) => text === undefined)) throw new NoDataError("UDP");
      for (const [ip, text] of files) {
        if (text === undefined) continue;
        const { transmit, receive } = sumUdpQueues(text);
        sink.add(queues, transmit, "tx", ip);
        sink.add(queues, receive, "rx", ip);
      }
    };
  },
};

/** Sums of the column "tx_queue:rx_queue", hexadecimal, over the sockets of /proc/net/udp. */
export function sumUdpQueues(text: string): { transmit: number; receive: number } {
  let transmit = 0;
  let receive = 0;
  for (const line of text.split("\n").slice(1)) {
    const pair = wordsOfLine(line)[queueColumn];
    if (pair === undefined) continue;
    const [out = "0", back = "0"] = pair.split(":");
    transmit += Number.parseInt(out, 16);
    receive += Number.parseInt(back, 16);
  }
  return { transmit, receive };
}
