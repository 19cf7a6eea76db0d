import { gauge } from "../../collect/samples/family.ts";
import { listenersOf, processesNamed } from "../host_view.ts";
import { defineIntegration } from "../integration.ts";
import { syslogSources } from "../log_sources/syslog_source.ts";
import { authLogProcessors } from "./auth_log.ts";
import { OpensshConfig, usualPort } from "./config.ts";

/** sshd: what its log tells of log-ins. There is no exporter whose names it could have. */
export const openssh = defineIntegration({
  name: "openssh",
  title: "OpenSSH",
  job: "openssh",
  config: OpensshConfig,
  up: gauge("openssh_up", "Whether someone listens on sshd's port."),
  instanceOf: ({ port }) => `localhost:${port}`,
  detect(host) {
    const processes = processesNamed(host, "sshd");
    const [process] = processes;
    if (process === undefined) return [];
    const [listener] = listenersOf(host, processes, [usualPort]);
    if (listener === undefined) return [];
    const units = ["ssh.service", "sshd.service"].filter((unit) => host.units.has(unit));
    const hasFiles = host.exists("/var/log/auth.log") || host.exists("/var/log/secure");
    return [
      {
        confidence: 0.9,
        because: [
          `process ${process.name} (pid ${process.pid})`,
          `listens on port ${listener.port}`,
        ],
        options: {
          ...(listener.port === usualPort ? {} : { port: listener.port }),
          ...(hasFiles || units.length === 0 ? {} : { log_files: [], journal_units: units }),
        },
        needs: [],
      },
    ];
  },
  load: async () => (await import("./collect.ts")).openOpenssh,
  logs: ({ port, log_files: files, journal_units: units }) =>
    syslogSources(
      {
        job: "openssh",
        instance: `localhost:${port}`,
        files,
        units,
        // From OpenSSH 9.8 on each connection has a program of its own.
        identifier: "sshd(-session|-auth)?",
      },
      authLogProcessors,
    ),
});
