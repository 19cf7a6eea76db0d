import { gauge } from "../../collect/samples/family.ts";
import { processesNamed } from "../detection/host_view.ts";
import { type Need, defineIntegration } from "../integration.ts";
import { syslogSources } from "../syslog_source.ts";
import { PostfixConfig, usualQueueDirectory } from "./config.ts";
import { mailLogProcessors } from "./mail_log.ts";

/** The mail queue by showq, and what the mail log tells; names of metrics as postfix_exporter's. */
export const postfix = defineIntegration({
  name: "postfix",
  title: "Postfix",
  job: "postfix",
  config: PostfixConfig,
  up: gauge("postfix_up", "Whether the queue could be listed."),
  instanceOf: ({ queue_directory: folder }) => folder,
  detect(host) {
    const process = processesNamed(host, "master").find(({ args }) =>
      args.some((arg) => arg.includes("postfix")),
    );
    if (process === undefined) return [];
    const why = `process ${process.args[0] ?? process.name} (pid ${process.pid})`;
    const units = [...host.units].filter((unit) => /^postfix(@.*)?\.service$/.test(unit));
    const hasFiles = host.exists("/var/log/mail.log") || host.exists("/var/log/maillog");
    const options = hasFiles || units.length === 0 ? {} : { log_files: [], journal_units: units };
    const socket = `${usualQueueDirectory}/public/showq`;
    if (host.exists(socket))
      return [{ confidence: 0.9, because: [why, `${socket} is there`], options, needs: [] }];
    return [
      {
        confidence: 0.4,
        because: [why, `${socket} can't be opened`],
        options,
        needs: [socketNeeded],
      },
    ];
  },
  load: async () => (await import("./collect.ts")).openPostfix,
  logs: ({
    queue_directory: instance,
    log_files: files,
    journal_units: units,
    log_metrics: hasMetrics,
  }) =>
    syslogSources(
      { job: "postfix", instance, files, units, identifier: "postfix.*|opendkim" },
      mailLogProcessors(hasMetrics),
    ),
});

const socketNeeded: Need = {
  key: "queue_directory",
  example: usualQueueDirectory,
  why: 'The showq socket is open to root and the group postdrop: "usermod -aG postdrop lapwing", and restart the agent. Where queue_directory is another one ("postconf queue_directory"), name it.',
};
