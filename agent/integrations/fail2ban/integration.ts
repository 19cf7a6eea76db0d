import { gauge } from "../../collect/samples/family.ts";
import { type HostProcess, processesNamed } from "../host_view.ts";
import { type LogSourceInput, defineIntegration } from "../integration.ts";
import { syslogSources } from "../log_sources/syslog_source.ts";
import { Fail2banConfig, usualLog, usualSocket } from "./config.ts";

/** The server's socket; names of metrics as fail2ban-prometheus-exporter's. */
export const fail2ban = defineIntegration({
  name: "fail2ban",
  title: "fail2ban",
  job: "fail2ban",
  config: Fail2banConfig,
  up: gauge("f2b_up", "Whether the server answered."),
  instanceOf: ({ socket }) => socket,
  async detect(host) {
    const [process] = processesNamed(host, "fail2ban-server", "fail2ban-server.py");
    if (process === undefined) return [];
    const socket = socketOf(process);
    const unit = "fail2ban.service";
    const options = {
      ...(socket === usualSocket ? {} : { socket }),
      ...(host.exists(usualLog) || !host.units.has(unit)
        ? {}
        : { log_files: [], journal_units: [unit] }),
    };
    const why = `process ${process.name} (pid ${process.pid})`;
    const answer = await host.ask({ path: socket }, ping);
    if (answer?.includes("pong") === true)
      return [{ confidence: 1, because: [why, `${socket} answers "ping"`], options, needs: [] }];
    return [
      {
        confidence: 0.4,
        because: [why, `${socket} does not answer`],
        options,
        needs: [
          {
            key: "socket",
            example: usualSocket,
            why: "The socket is root's: run the agent as root, or let its group use the socket.",
          },
        ],
      },
    ];
  },
  load: async () => (await import("./collect.ts")).openFail2ban,
  logs: ({ socket, log_files: files, journal_units: units }) => [
    ...fileLogs(socket, files),
    ...syslogSources({ job: "fail2ban", instance: socket, files: [], units }, [
      { type: "regex", pattern: event },
    ]),
  ],
});

/** ["ping"] as a pickle, written out so that detection needs no codec; each character is a byte. */
const ping = "\x80\x02](X\x04\x00\x00\x00pinge.<F2B_END_COMMAND>";

function socketOf({ args }: HostProcess): string {
  const at = args.findIndex((arg) => arg === "-s" || arg === "--socket");
  const given = at < 0 ? undefined : args[at + 1];
  return given?.startsWith("/") === true ? given : usualSocket;
}

/** "[sshd] Ban 192.0.2.7"; of other messages the jail alone. */
const event = String.raw`\[(?P<jail>[^\]]+)\] (?:(?P<action>Found|Ban|Unban|Restore Ban|Increase Ban|Ignore) (?P<address>[0-9a-fA-F.:]+))?`;

function fileLogs(socket: string, files: readonly string[]): LogSourceInput[] {
  if (files.length === 0) return [];
  const head = String.raw`^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (?P<logger>\S+) *\[(?P<pid>\d+)\]: (?P<level>[A-Z]+) *`;
  return [
    {
      type: "file_logs",
      paths: [...files],
      job: "fail2ban",
      labels: { instance: socket },
      // What Python tells of an exception follows in lines without a time.
      multiline: { mode: "start", start: String.raw`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,` },
      processors: [
        { type: "regex", pattern: `${head}(?:${event})?` },
        { type: "timestamp", from: "time", zone: "local", remove: true },
        { type: "severity", from: "level" },
      ],
    },
  ];
}
