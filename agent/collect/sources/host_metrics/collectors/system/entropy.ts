import type { Collector } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { readText } from "../../text_file.ts";

const available = gauge("node_entropy_available_bits", "Entropy at hand.");
const poolSize = gauge("node_entropy_pool_size_bits", "Size of the entropy pool.");

export const entropy: Collector = {
  name: "entropy",
  create({ proc }) {
    const base = `${proc}/sys/kernel/random`;
    return (sink) => {
      sink.add(available, Number(readText(`${base}/entropy_avail`)));
      sink.add(poolSize, Number(readText(`${base}/poolsize`)));
    };
  },
};
