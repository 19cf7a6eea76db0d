import type { z } from "zod";
import {
  type HostProcess,
  type HostView,
  listenersOf,
  processesNamed,
  reachable,
} from "../host_view.ts";
import { httpClientOf } from "../connections/http_service_config.ts";
import { type Finding, defineIntegration } from "../integration.ts";
import { EtcdConfig, metricsPort, usualPort } from "./config.ts";

/** etcd's own Prometheus endpoint. */
export const etcd = defineIntegration({
  name: "etcd",
  title: "etcd",
  job: "etcd",
  metrics: ["etcd_"],
  config: EtcdConfig,
  instanceOf: ({ url }) => new URL(url).host,
  async detect(host) {
    const found: Finding<z.input<typeof EtcdConfig>>[] = [];
    for (const process of processesNamed(host, "etcd")) found.push(await findingOf(host, process));
    return found;
  },
  scrape(options) {
    const { protocol, host, pathname } = new URL(options.url);
    return {
      ...httpClientOf(options),
      scheme: protocol.slice(0, -1),
      metrics_path: pathname === "/" ? "/metrics" : pathname,
      static_configs: [{ targets: [host] }],
    };
  },
});

async function findingOf(
  host: HostView,
  process: HostProcess,
): Promise<Finding<z.input<typeof EtcdConfig>>> {
  const because = [`process ${process.name} (pid ${process.pid})`];
  const url = urlOf(host, process);
  const answer = url === undefined ? undefined : await host.get(`${url}/metrics`);
  if (url !== undefined && answer?.status === 200 && answer.body.includes("# TYPE etcd_"))
    return {
      confidence: 1,
      because: [...because, `${url}/metrics answers`],
      options: { url },
      needs: [],
    };
  return {
    confidence: 0.4,
    because,
    options: url === undefined ? {} : { url },
    needs: [
      {
        key: "tls_config",
        example: "{ca_file: /etc/etcd/ca.crt, cert_file: /etc/etcd/client.crt, key_file: ...}",
        why: `Its metrics want a client's certificate. Give one that the agent may read, or start etcd with --listen-metrics-urls=http://127.0.0.1:${metricsPort} and set url to that.`,
      },
    ],
  };
}

/** The metrics' own address, else that of clients: as the arguments or the environment's defaults have it. */
function urlOf(host: HostView, process: HostProcess): string | undefined {
  const flags = ["listen-metrics-urls", "listen-client-urls"];
  for (const flag of flags) {
    const [first] = (argumentOf(process, flag) ?? "").split(",");
    if (first !== undefined && /^https?:\/\//.test(first))
      return first.replace("://0.0.0.0:", "://127.0.0.1:").replace("://[::]:", "://127.0.0.1:");
  }
  const own = listenersOf(host, [process], [metricsPort, usualPort]);
  for (const port of [metricsPort, usualPort]) {
    const listener = own.find((each) => each.port === port);
    if (listener !== undefined) return `http://${reachable(listener)}`;
  }
  return undefined;
}

/** Of "--flag=value", "-flag value" and their like. */
function argumentOf({ args }: HostProcess, flag: string): string | undefined {
  for (const [i, arg] of args.entries()) {
    const bare = arg.replace(/^--?/, "");
    if (bare === flag) return args[i + 1];
    if (bare.startsWith(`${flag}=`)) return bare.slice(flag.length + 1);
  }
  return undefined;
}
