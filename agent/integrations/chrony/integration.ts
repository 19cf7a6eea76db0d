import { gauge } from "../../collect/samples/family.ts";
import {
  type HostProcess,
  type HostView,
  type Listener,
  processesNamed,
  reachable,
} from "../host_view.ts";
import { defineIntegration } from "../integration.ts";
import { syslogSources } from "../log_sources/syslog_source.ts";
import { ChronyConfig, usualPort } from "./config.ts";

/** chronyd's command protocol; names of metrics as chrony_exporter's. */
export const chrony = defineIntegration({
  name: "chrony",
  title: "chrony",
  job: "chrony",
  config: ChronyConfig,
  up: gauge("chrony_up", "Whether chronyd answered."),
  instanceOf: ({ address }) => address,
  detect(host) {
    const processes = processesNamed(host, "chronyd");
    const [process] = processes;
    if (process === undefined) return [];
    const why = `process ${process.name} (pid ${process.pid})`;
    const units = ["chrony.service", "chronyd.service"].filter((unit) => host.units.has(unit));
    const journal = units.length === 0 ? {} : { journal_units: units };
    const listener = commandListener(host, processes);
    if (listener === undefined)
      return [
        {
          confidence: 0.4,
          because: [why, "no UDP command port"],
          options: journal,
          needs: [
            {
              key: "address",
              example: `127.0.0.1:${usualPort}`,
              why: 'Its command port is closed: take "cmdport 0" out of chrony.conf.',
            },
          ],
        },
      ];
    const address = reachable(listener);
    return [
      {
        confidence: 0.9,
        because: [why, `takes commands on ${address} (UDP)`],
        options: { address, ...journal },
        needs: [],
      },
    ];
  },
  load: async () => (await import("./collect.ts")).openChrony,
  logs: ({ address, journal_units: units }) =>
    syslogSources({ job: "chrony", instance: address, files: [], units }, []),
});

/** chronyd's other port is the one that it serves time on, 123. IPv4 before IPv6, which may lack on this host's loopback. */
function commandListener(
  { listeners }: HostView,
  processes: readonly HostProcess[],
): Listener | undefined {
  const pids = new Set<number | undefined>(processes.map(({ pid }) => pid));
  const own = listeners.filter(
    (listener) =>
      listener.protocol === "udp" &&
      listener.port === usualPort &&
      (listener.pid === undefined || pids.has(listener.pid)),
  );
  return own.find(({ host }) => !host.includes(":")) ?? own[0];
}
