import { gauge } from "../../collect/samples/family.ts";
import { processesNamed } from "../host_view.ts";
import { defineIntegration } from "../integration.ts";
import { syslogSources } from "../log_sources/syslog_source.ts";
import { PostfixConfig, usualConfigDirectory } from "./config.ts";
import { mailLogProcessors } from "./mail_log.ts";

/** The mail queue by postqueue, and what the mail log tells; names of metrics as postfix_exporter's. */
export const postfix = defineIntegration({
  name: "postfix",
  title: "Postfix",
  job: "postfix",
  config: PostfixConfig,
  up: gauge("postfix_up", "Whether the queue could be listed."),
  instanceOf: ({ config_directory: folder }) => folder,
  detect(host) {
    const process = processesNamed(host, "master").find(({ args }) =>
      args.some((arg) => arg.includes("postfix")),
    );
    if (process === undefined) return [];
    const why = `process ${process.args[0] ?? process.name} (pid ${process.pid})`;
    const units = [...host.units].filter((unit) => /^postfix(@.*)?\.service$/.test(unit));
    const hasFiles = host.exists("/var/log/mail.log") || host.exists("/var/log/maillog");
    const options = hasFiles || units.length === 0 ? {} : { log_files: [], journal_units: units };
    return [
      {
        confidence: host.exists(`${usualConfigDirectory}/main.cf`) ? 0.9 : 0.7,
        because: [why, "its queue is listed by postqueue"],
        options,
        needs: [],
      },
    ];
  },
  load: async () => (await import("./collect.ts")).openPostfix,
  logs: ({
    config_directory: instance,
    log_files: files,
    journal_units: units,
    log_metrics: hasMetrics,
  }) =>
    syslogSources(
      { job: "postfix", instance, files, units, identifier: "postfix.*|opendkim" },
      mailLogProcessors(hasMetrics),
    ),
});
