import { gauge } from "../../collect/samples/family.ts";
import { type HostView, processesNamed } from "../host_view.ts";
import { defineIntegration } from "../integration.ts";
import { syslogSources } from "../log_sources/syslog_source.ts";
import { NtpConfig, usualPort } from "./config.ts";

const units = ["ntpsec.service", "ntp.service", "ntpd.service"];

/** ntpd of NTPsec and of the NTP project by their control messages; the server's metrics as node_exporter's collector ntp names them. */
export const ntp = defineIntegration({
  name: "ntp",
  title: "ntpd",
  job: "ntp",
  config: NtpConfig,
  up: gauge("ntpd_up", "Whether ntpd answered."),
  metrics: ["ntpd_", "node_ntp_"],
  instanceOf: ({ address }) => address,
  detect(host) {
    const processes = processesNamed(host, "ntpd").filter(
      ({ executable }) => executable === "ntpd",
    );
    const [process] = processes;
    // OpenNTPD has the same name, says what each of its processes does, and knows no control messages.
    const isOther = processes.some(({ args }) => args[0]?.startsWith("ntpd: ") === true);
    if (process === undefined || isOther || process.ownNetwork) return [];
    const active = units.filter((unit) => host.units.has(unit));
    const address = ownAddress(host);
    const why = `process ${process.name} (pid ${process.pid})`;
    return [
      {
        confidence: address === undefined ? 0.4 : 0.9,
        because: [why, address === undefined ? "no UDP port" : `listens on ${address} (UDP)`],
        options: {
          ...(address === undefined ? {} : { address }),
          ...(active.length === 0 ? {} : { journal_units: active.slice(0, 1) }),
        },
        needs:
          address === undefined
            ? [
                {
                  key: "address",
                  example: `127.0.0.1:${usualPort}`,
                  why: "It listens nowhere: let it listen on 127.0.0.1 (`interface listen 127.0.0.1`), and answer there (`restrict 127.0.0.1`).",
                },
              ]
            : [],
      },
    ];
  },
  load: async () => (await import("./collect.ts")).openNtp,
  logs: ({ address, journal_units: named }) =>
    syslogSources({ job: "ntp", instance: address, files: [], units: named }, []),
});

/** It listens on each address of the host; the usual `restrict` lets questions come from the loopback alone. */
function ownAddress({ listeners }: HostView): string | undefined {
  const hosts = listeners
    .filter(({ protocol, port }) => protocol === "udp" && port === usualPort)
    .map(({ host }) => host);
  if (hosts.length === 0) return undefined;
  if (hosts.some((host) => host === "127.0.0.1" || host === "0.0.0.0" || host === ""))
    return `127.0.0.1:${usualPort}`;
  if (hosts.some((host) => host === "::1" || host === "::")) return `[::1]:${usualPort}`;
  const [first = ""] = hosts;
  return first.includes(":") ? `[${first}]:${usualPort}` : `${first}:${usualPort}`;
}
