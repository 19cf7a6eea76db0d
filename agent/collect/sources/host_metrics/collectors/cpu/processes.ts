import type { Collector } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { listNames, readNumber, readTextIfReadable } from "../../text_file.ts";

const pids = gauge("node_processes_pids", "Processes on the host.");
const threads = gauge("node_processes_threads", "Threads of all processes.");
const states = gauge("node_processes_state", "Processes by state.", ["state"]);
const pidsMax = gauge("node_processes_max_processes", "Process ids that the kernel allows.");
const threadsMax = gauge("node_processes_max_threads", "Threads that the kernel allows.");

/** More than these are counted, but not looked at one by one: a tick must stay cheap. */
const lookedAtMax = 5_000;

/**
 * Processes by state, and their threads. node_exporter has it switched off; here it is on, because a host's page wants to say
 * how many there are. States of single threads are left out: they would need a file for each.
 */
export const processes: Collector = {
  name: "processes",
  create({ proc }) {
    const seen = new Set<string>();
    return (sink) => {
      const names = (listNames(proc) ?? []).filter((name) => /^\d+$/.test(name));
      const counts = new Map<string, number>([...seen].map((state) => [state, 0]));
      let threadCount = 0;
      for (const name of names.slice(0, lookedAtMax)) {
        // A process may have ended since the folder was listed.
        const process = parseProcessStat(readTextIfReadable(`${proc}/${name}/stat`) ?? "");
        if (process === undefined) continue;
        counts.set(process.state, (counts.get(process.state) ?? 0) + 1);
        threadCount += process.threads;
      }
      sink.add(pids, names.length);
      sink.add(threads, threadCount);
      for (const [state, count] of counts) {
        seen.add(state);
        sink.add(states, count, state);
      }
      sink.add(pidsMax, readNumber(`${proc}/sys/kernel/pid_max`) ?? Number.NaN);
      sink.add(threadsMax, readNumber(`${proc}/sys/kernel/threads-max`) ?? Number.NaN);
    };
  },
};

/** "1 (a) b) S 0 1 ...": the name ends at the last parenthesis; the state follows, and 17 fields on the number of threads. */
export function parseProcessStat(text: string): { state: string; threads: number } | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state = ""] = fields;
  const threadCount = Number(fields[17]);
  return state === "" || Number.isNaN(threadCount) ? undefined : { state, threads: threadCount };
}
