import { gauge } from "../../collect/samples/family.ts";
import { accessLogSources, requestTime } from "../log_sources/access_log.ts";
import { type HostView, processesNamed } from "../host_view.ts";
import { type Need, defineIntegration } from "../integration.ts";
import { syslogSources } from "../log_sources/syslog_source.ts";
import { VarnishConfig, instanceOf } from "./config.ts";

const unit = "varnish.service";
const usualFolder = "/var/lib/varnish";

/** Counters of Varnish by varnishstat; names of metrics as prometheus_varnish_exporter's. */
export const varnish = defineIntegration({
  name: "varnish",
  title: "Varnish",
  job: "varnish",
  config: VarnishConfig,
  up: gauge("varnish_up", "Whether varnishstat told its counters."),
  instanceOf,
  async detect(host) {
    // Its children have the same name; the manager is the one with arguments, and the lowest pid.
    const [process] = processesNamed(host, "varnishd");
    if (process === undefined) return [];
    const because = [`process ${process.name} (pid ${process.pid})`];
    const at = process.args.indexOf("-n");
    const name = at < 0 ? undefined : process.args[at + 1];
    const options = {
      ...(name === undefined ? {} : { name }),
      ...(host.units.has(unit) ? { journal_units: [unit] } : {}),
    };
    const folder = await readableFolder(host, name);
    if (folder === undefined)
      return [{ confidence: 0.6, because, options, needs: [rightNeeded(name)] }];
    return [
      {
        confidence: 0.9,
        because: [...because, `its counters in ${folder} may be read`],
        options,
        needs: [],
      },
    ];
  },
  load: async () => (await import("./collect.ts")).openVarnish,
  logs: (options) => {
    const common = { job: "varnish", instance: instanceOf(options) };
    return [
      ...accessLogSources({
        ...common,
        service: "varnish",
        paths: options.access_logs,
        hasMetrics: options.access_log_metrics,
        labels: ["handling"],
        read: [{ type: "access_log" }, handling, ...requestTime(options.request_time)],
      }),
      ...syslogSources({ ...common, files: [], units: options.journal_units }, []),
    ];
  },
});

/** %{Varnish:handling}x, where varnishncsa's -F has it behind the format combined. */
const handling = {
  type: "regex",
  match: '{} | more != ""',
  from: "more",
  pattern: String.raw`^(?:(?:.*?[ "])??(?P<handling>hit|miss|pass|pipe|synth|streaming-hit)(?:[ "].*)?|.*)$`,
} as const;

/** Where the shared memory lies, if it may be read: only by root and the group varnish. */
async function readableFolder(
  host: HostView,
  name: string | undefined,
): Promise<string | undefined> {
  const folders =
    name === undefined
      ? await host.glob(`${usualFolder}/*/_.vsm_mgt/_.index`)
      : [`${name.startsWith("/") ? name : `${usualFolder}/${name}`}/_.vsm_mgt/_.index`];
  return folders.find((folder) => host.exists(folder))?.replace("/_.vsm_mgt/_.index", "");
}

function rightNeeded(name: string | undefined): Need {
  return {
    key: "name",
    example: name ?? "varnishd",
    why:
      "the agent may not read Varnish's counters: `usermod -aG varnish lapwing`, then restart the agent; " +
      "varnishstat must be installed where varnishd is",
  };
}
