import type { z } from "zod";
import { gauge } from "../../collect/samples/family.ts";
import { type HostProcess, type HostView, listenersOf, reachable } from "../host_view.ts";
import { type Finding, defineIntegration } from "../integration.ts";
import { serverLog } from "../log_sources/server_log.ts";
import { splitAddress } from "../connections/split_address.ts";
import { KafkaConfig, usualPort } from "./config.ts";

/** ApiVersions, version 0, with correlation id 7 and no name: what every broker since 0.10 answers before a login. */
const apiVersions = "\0\0\0\x0a\0\x12\0\0\0\0\0\x07\xff\xff";

/** A Kafka cluster by the brokers' own protocol; names of metrics as kafka_exporter's. */
export const kafka = defineIntegration({
  name: "kafka",
  title: "Kafka",
  job: "kafka",
  config: KafkaConfig,
  up: gauge("kafka_up", "Whether a broker answered."),
  instanceOf: ({ brokers: [first = ""] }) => first,
  async detect(host) {
    const found: Finding<z.input<typeof KafkaConfig>>[] = [];
    for (const process of brokers(host)) found.push(await findingOf(host, process));
    return found;
  },
  load: async () => (await import("./collect.ts")).openKafka,
  logs: ({ brokers: [instance = ""] }) => [
    serverLog({
      job: "kafka",
      instance,
      paths: ["/var/log/kafka/server.log", "/var/log/kafka/controller.log"],
      head: String.raw`^\[(?P<time>[^\]]+)\] (?P<level>[A-Z]+) `,
    }),
  ],
});

/** Apache's, and Confluent's older one. */
const mainClasses = ["kafka.Kafka", "io.confluent.support.metrics.SupportedKafka"];

/** By the class that Java was started with; Redpanda speaks the same protocol. */
function brokers(host: HostView): HostProcess[] {
  return host.processes.filter(
    ({ name, args, ownNetwork }) =>
      !ownNetwork && (name === "redpanda" || mainClasses.some((each) => args.includes(each))),
  );
}

async function findingOf(
  host: HostView,
  process: HostProcess,
): Promise<Finding<z.input<typeof KafkaConfig>>> {
  const because = [`process ${process.name} (pid ${process.pid}) runs a broker`];
  const listener = listenersOf(host, [process], [usualPort]).find(
    ({ port }) => port >= usualPort && port < usualPort + 8,
  );
  const address = listener === undefined ? `127.0.0.1:${usualPort}` : reachable(listener);
  // There is an agent beside each broker, perhaps.
  const options = { brokers: [address], cluster_from: "lowest_broker" as const };
  const answer =
    listener === undefined
      ? undefined
      : await host.ask(splitAddress(address, usualPort), apiVersions);
  // Length, correlation id, error 0; that a login is wanted shows only later.
  if (answer !== undefined && answer.slice(4, 10) === "\0\0\0\x07\0\0")
    return {
      confidence: 1,
      because: [...because, `${address} answers ApiVersions`],
      options,
      needs: [],
    };
  return {
    confidence: 0.4,
    because,
    options,
    needs: [
      {
        key: "tls",
        example: "{ca_file: /etc/kafka/ca.pem}",
        why: "It does not answer in the clear there. Name the listener in brokers, its authority in tls, and username, password_file and sasl_mechanism where it wants a login.",
      },
    ],
  };
}
