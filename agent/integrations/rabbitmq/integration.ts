import type { z } from "zod";
import { type HostProcess, type HostView, listenersOf, reachable } from "../host_view.ts";
import { httpClientOf } from "../connections/http_service_config.ts";
import { type Finding, defineIntegration } from "../integration.ts";
import { serverLog } from "../log_sources/server_log.ts";
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
  logs: (options) => [
    serverLog({
      job: "rabbitmq",
      instance: new URL(askedUrl(options)).host,
      paths: ["/var/log/rabbitmq/*.log"],
      head: String.raw`^(?P<time>\d{4}-\d\d-\d\d [\d:.]+[+-]\d\d:\d\d) \[(?P<level>\w+)\] <(?P<erlang_process>[\d.]+)>`,
      values: { notice: "info" },
    }),
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
  for (const url of endpoints(host, process)) {
    const answer = await host.get(`${url}/metrics`);
    if (answer?.status === 200 && /^# TYPE (erlang|rabbitmq)_/m.test(answer.body))
      return {
        confidence: 1,
        because: [...because, `${url}/metrics answers`],
        options: { metrics_url: url },
        needs: [],
      };
  }
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

/** AMQP, its management, and what else has a usual port of its own: the plugin is not there. */
const otherPorts = new Set([4_369, 5_552, 5_671, 5_672, 15_671, managementPort, 25_672]);
const candidatesMax = 4;

/** The usual port of the plugin, else those that are for nothing known. */
function endpoints(host: HostView, process: HostProcess): string[] {
  const own = listenersOf(host, [process], [metricsPort]);
  const usual = own.filter(({ port }) => port === metricsPort);
  const found = usual.length > 0 ? usual : own.filter(({ port }) => !otherPorts.has(port));
  return found.slice(0, candidatesMax).map((listener) => `http://${reachable(listener)}`);
}
