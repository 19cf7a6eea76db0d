import type { z } from "zod";
import { gauge } from "../../collect/samples/family.ts";
import {
  type HostProcess,
  type HostView,
  listenersOf,
  processesNamed,
  reachable,
} from "../detection/host_view.ts";
import { type Finding, type Need, defineIntegration } from "../integration.ts";
import { NatsConfig, usualPort } from "./config.ts";

/** Ports of clients and of routes between servers. */
const otherPorts = new Set([4_222, 6_222]);

/** The HTTP monitoring endpoint of a NATS server; names of metrics as prometheus-nats-exporter's. */
export const nats = defineIntegration({
  name: "nats",
  title: "NATS",
  job: "nats",
  metrics: ["gnatsd_", "jetstream_"],
  config: NatsConfig,
  up: gauge("nats_up", "Whether the monitoring endpoint answered."),
  instanceOf: ({ url }) => new URL(url).host,
  async detect(host) {
    const processes = processesNamed(host, "nats-server", "gnatsd");
    const found: Finding<z.input<typeof NatsConfig>>[] = [];
    for (const process of processes) found.push(await findingOf(host, process));
    if (processes.length === 0) {
      const [listener] = listenersOf(host, [], [usualPort]);
      const url = listener === undefined ? undefined : `http://${reachable(listener)}`;
      if (url !== undefined && (await answers(host, url)))
        found.push({
          confidence: 0.8,
          because: [`${url} answers as a NATS server's monitoring endpoint`],
          options: { url },
          needs: [],
        });
    }
    return found;
  },
  load: async () => (await import("./collect.ts")).openNats,
});

async function findingOf(
  host: HostView,
  process: HostProcess,
): Promise<Finding<z.input<typeof NatsConfig>>> {
  const because = [`process ${process.name} (pid ${process.pid})`];
  const url = monitoringUrl(host, process);
  if (url === undefined) return { confidence: 0.4, because, options: {}, needs: [monitoringOff] };
  if (await answers(host, url))
    return {
      confidence: 1,
      because: [...because, `${url} answers /varz`],
      options: { url },
      needs: [],
    };
  return { confidence: 0.4, because, options: { url }, needs: [monitoringOff] };
}

const monitoringOff: Need = {
  key: "url",
  example: `http://127.0.0.1:${usualPort}`,
  why: `Monitoring is off or elsewhere. Put "http: 127.0.0.1:${usualPort}" into the server's configuration (or start it with -m ${usualPort}) and restart it.`,
};

/** What the arguments say, else the usual port, else the one port that is for nothing else. */
function monitoringUrl(host: HostView, process: HostProcess): string | undefined {
  const own = listenersOf(host, [process], [usualPort]);
  const flag = process.args.findIndex((arg) => /^--?(m|http_port|ms|https_port)(=|$)/.test(arg));
  const arg = process.args[flag] ?? "";
  const given = arg.includes("=") ? arg.slice(arg.indexOf("=") + 1) : process.args[flag + 1];
  const port = flag < 0 ? usualPort : Number(given);
  const rest = own.filter((each) => !otherPorts.has(each.port));
  const listener =
    own.find((each) => each.port === port) ?? (rest.length === 1 ? rest[0] : undefined);
  if (listener === undefined) return undefined;
  const scheme = /^--?(ms|https_port)/.test(arg) ? "https" : "http";
  return `${scheme}://${reachable(listener)}`;
}

async function answers(host: HostView, url: string): Promise<boolean> {
  const answer = await host.get(`${url}/varz`);
  return answer?.status === 200 && answer.body.includes('"server_id"');
}
