import type { Collector } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { listNames, readAttribute, readNumber } from "../../text_file.ts";

/** Attributes of a cpufreq directory, in kHz. */
const frequencies = [
  ["cpuinfo_cur_freq", "node_cpu_frequency_hertz", "Frequency as the hardware tells it."],
  ["cpuinfo_min_freq", "node_cpu_frequency_min_hertz", "Lowest frequency of the hardware."],
  ["cpuinfo_max_freq", "node_cpu_frequency_max_hertz", "Highest frequency of the hardware."],
  ["scaling_cur_freq", "node_cpu_scaling_frequency_hertz", "Frequency that the kernel asked for."],
  ["scaling_min_freq", "node_cpu_scaling_frequency_min_hertz", "Lowest frequency allowed."],
  ["scaling_max_freq", "node_cpu_scaling_frequency_max_hertz", "Highest frequency allowed."],
] as const;
const families = frequencies.map(([file, name, help]) => ({
  file,
  family: gauge(name, help, ["cpu"]),
}));
const governorFamily = gauge(
  "node_cpu_scaling_governor",
  "1 for the frequency governor in use, 0 for the others on offer.",
  ["cpu", "governor"],
);

export const cpufreq: Collector = {
  name: "cpufreq",
  create({ sys }) {
    const base = `${sys}/devices/system/cpu`;
    return (sink) => {
      for (const name of listNames(base) ?? []) {
        if (!/^cpu\d+$/.test(name)) continue;
        const directory = `${base}/${name}/cpufreq`;
        // Absent as a whole on most virtual machines: one look instead of seven.
        if (listNames(directory) === undefined) continue;
        const id = name.slice("cpu".length);
        for (const { file, family } of families) {
          const kiloHertz = readNumber(`${directory}/${file}`);
          if (kiloHertz !== undefined) sink.add(family, kiloHertz * 1_000, id);
        }
        const governor = readAttribute(`${directory}/scaling_governor`) ?? "";
        const offered = readAttribute(`${directory}/scaling_available_governors`) ?? "";
        for (const one of offered.split(/\s+/).filter((text) => text !== "")) {
          sink.add(governorFamily, one === governor ? 1 : 0, id, one);
        }
      }
    };
  },
};
