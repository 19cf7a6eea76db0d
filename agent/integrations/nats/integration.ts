import type { z } from "zod";
import { gauge } from "../../collect/samples/family.ts";
import {
  type HostProcess,
  type HostView,
  listenersOf,
  processesNamed,
  reachable,
} from "../host_view.ts";
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
  for (const url of await monitoringUrls(host, process))
    if (await answers(host, url))
      return {
        confidence: 1,
        because: [...because, `${url} answers /varz`],
        options: { url },
        needs: [],
      };
  return { confidence: 0.4, because, options: {}, needs: [monitoringOff] };
}

const monitoringOff: Need = {
  key: "url",
  example: `http://127.0.0.1:${usualPort}`,
  why: `Monitoring is off or elsewhere. Put "http: 127.0.0.1:${usualPort}" into the server's configuration (or start it with -m ${usualPort}) and restart it.`,
};

/** Where it may be: as arguments or configuration say, else the usual port, else those that are for nothing else, of which there are few. */
async function monitoringUrls(host: HostView, process: HostProcess): Promise<string[]> {
  const own = listenersOf(host, [process], [usualPort]);
  const told =
    argumentOf(process, httpFlags) ??
    portIn(await host.read(argumentOf(process, ["c", "config"]) ?? ""));
  const port = Number(told?.split(":").at(-1) ?? usualPort);
  const exact = own.filter((each) => each.port === port);
  const found = exact.length > 0 ? exact : own.filter((each) => !otherPorts.has(each.port));
  const isEncrypted = argumentOf(process, httpsFlags) !== undefined;
  return found
    .slice(0, candidatesMax)
    .map((listener) => `${isEncrypted ? "https" : "http"}://${reachable(listener)}`);
}

const httpsFlags = ["ms", "https_port"];
const httpFlags = ["m", "http_port", ...httpsFlags];
/** Clients, routes, gateways, leaf nodes, WebSockets and MQTT have ports, too. */
const candidatesMax = 3;

/** Of "-m 8222", "--http_port=8222" and their like. */
function argumentOf({ args }: HostProcess, flags: readonly string[]): string | undefined {
  for (const [i, arg] of args.entries()) {
    const [flag = "", value] = arg.split("=");
    if (flag.startsWith("-") && flags.includes(flag.replace(/^--?/, "")))
      return value ?? args[i + 1];
  }
  return undefined;
}

/** Of `http: "127.0.0.1:8222"`, `http_port = 8222` or `monitor_port 8222` in NATS's own format. */
function portIn(configuration: string | undefined): string | undefined {
  const setting = /^\s*(?:http|http_port|monitor_port)\s*[:=\s]\s*"?([^\s"#,]+)/m;
  return configuration?.match(setting)?.[1];
}

async function answers(host: HostView, url: string): Promise<boolean> {
  const answer = await host.get(`${url}/varz`);
  return answer?.status === 200 && answer.body.includes('"server_id"');
}
