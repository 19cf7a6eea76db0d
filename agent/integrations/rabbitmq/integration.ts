import type { z } from "zod";
import { type HostProcess, type HostView, listenersOf, reachable } from "../detection/host_view.ts";
import { httpClientOf } from "../http_service_config.ts";
import { type Finding, defineIntegration } from "../integration.ts";
import { RabbitmqConfig, askedUrl, managementPort, metricsPort } from "./config.ts";

/** RabbitMQ's own Prometheus plugin where it is on; else its management API under the plugin's names. */
export const rabbitmq = defineIntegration({
  name: "rabbitmq",
  title: "RabbitMQ",
  job: "rabbitmq",
  metrics: ["rabbitmq_"],
  config: RabbitmqConfig,
  instanceOf: (options) => new URL(askedUrl(options)).host,
  async detect(host) {
    const found: Finding<z.input<typeof RabbitmqConfig>>[] = [];
    for (const process of brokers(host)) found.push(await findingOf(host, process));
    return found;
  },
  scrape(options) {
    if (options.url !== undefined) return undefined;
    const { protocol, host, pathname, searchParams } = new URL(askedUrl(options));
    const usualPath = options.per_object ? "/metrics/per-object" : "/metrics";
    const names = [...new Set(searchParams.keys())];
    return {
      ...httpClientOf(options),
      scheme: protocol.slice(0, -1),
      metrics_path: pathname === "/" ? usualPath : pathname,
      params: Object.fromEntries(names.map((name) => [name, searchParams.getAll(name)])),
      static_configs: [{ targets: [host] }],
    };
  },
  load: async () => (await import("./collect.ts")).openRabbitmq,
  logs: () => [
    {
      type: "file_logs",
      paths: ["/var/log/rabbitmq/*.log"],
      job: "rabbitmq",
      multiline: { mode: "start", start: "^\\d{4}-\\d\\d-\\d\\d[ T]" },
    },
  ],
});

/** Erlang's processes are many things; a broker has "-s rabbit" or RabbitMQ's folders among its arguments. */
function brokers(host: HostView): HostProcess[] {
  return host.processes.filter(
    ({ name, executable, args, ownNetwork }) =>
      !ownNetwork &&
      (name.startsWith("beam") || executable.startsWith("beam")) &&
      args.some((arg) => /^rabbit(_prelaunch)?$|rabbitmq_server|\/rabbitmq\//.test(arg)),
  );
}

async function findingOf(
  host: HostView,
  process: HostProcess,
): Promise<Finding<z.input<typeof RabbitmqConfig>>> {
  const because = [`process ${process.name} (pid ${process.pid}) runs RabbitMQ`];
  const own = listenersOf(host, [process], [metricsPort, managementPort]);
  const listener = own.find(({ port }) => port === metricsPort);
  const url = listener === undefined ? undefined : `http://${reachable(listener)}`;
  if (url !== undefined && (await host.get(`${url}/metrics`))?.status === 200)
    return {
      confidence: 1,
      because: [...because, `${url}/metrics answers`],
      options: { metrics_url: url },
      needs: [],
    };
  return {
    confidence: 0.4,
    because,
    options: {},
    needs: [
      {
        key: "metrics_url",
        example: `http://127.0.0.1:${metricsPort}`,
        why: "Its Prometheus plugin is off. Run: rabbitmq-plugins enable rabbitmq_prometheus. Where only the management API may be on, give url, username and password_file of a user with the tag monitoring.",
      },
    ],
  };
}
