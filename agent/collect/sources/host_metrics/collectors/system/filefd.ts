import type { Collector } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { readText, wordsOfLine } from "../../text_file.ts";

const allocated = gauge("node_filefd_allocated", "File descriptors in use on the host.");
const maximum = gauge("node_filefd_maximum", "File descriptors that the kernel allows.");

export const filefd: Collector = {
  name: "filefd",
  create({ proc }) {
    return (sink) => {
      // "636	0	2466183": allocated, unused, maximum.
      const [used, , limit] = wordsOfLine(readText(`${proc}/sys/fs/file-nr`)).map(Number);
      sink.add(allocated, used ?? Number.NaN);
      sink.add(maximum, limit ?? Number.NaN);
    };
  },
};
