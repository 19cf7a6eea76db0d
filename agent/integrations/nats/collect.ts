import { OperatingError, messageOf } from "#shared/errors.ts";
import { type SampleSink, counter, familiesByKey, gauge } from "../../collect/samples/family.ts";
import { HttpService } from "../connections/http_service.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { type JsonObject, arrayOf, numberOf, objectOf, textOf } from "../connections/json_value.ts";
import type { NatsConfig } from "./config.ts";
import { addJetStream, jetStreamPath } from "./jetstream.ts";

/** A cluster's /jsz with some thousand consumers has about 10 MB. */
const bodyBytesMax = 32 * 1_024 * 1_024;
/** An answer of the server is nested four deep at most. */
const depthMax = 8;

const serverId = ["server_id"];
const byValue = ["server_id", "value"];

/** Numbers of /varz and /subsz as they come, by github.com/nats-io/prometheus-nats-exporter's names: all are gauges there. */
const numbers = familiesByKey((name) =>
  gauge(name, "As the server's own answer has it.", serverId),
);
const words = familiesByKey((name) => gauge(name, "As the server's own answer has it.", byValue));

/** Texts that become a label `value`; those that are a time become Unix milliseconds. */
const shownTexts = new Set(
  "server_id server_name version domain leader name start config_load_time".split(" "),
);
/** Settings that the exporter shows neither. */
const skipped = new Set([
  "leaf",
  "trusted_operators_claim",
  "cluster_tls_timeout",
  "cluster_cluster_port",
  "cluster_auth_timeout",
  "gateway_port",
  "gateway_auth_timeout",
  "gateway_tls_timeout",
  "gateway_connect_retries",
]);

const connection = (name: string, help: string) => gauge(`gnatsd_connz_${name}`, help, serverId);
const traffic = (name: string, help: string) => counter(`gnatsd_connz_${name}`, help, serverId);
const connz = {
  num_connections: connection("num_connections", "Connections that the answer held."),
  total: connection("total", "Open connections."),
  offset: connection("offset", "Connections that the answer left out at its begin."),
  limit: connection("limit", "Connections that one answer holds at most."),
};
/** Sums over the connections that the answer held. */
const connzSums = {
  pending_bytes: connection("pending_bytes", "Bytes that wait to be sent to clients."),
  subscriptions: connection("subscriptions", "Subscriptions of clients."),
  in_bytes: traffic("in_bytes", "Bytes from the clients that are connected now."),
  out_bytes: traffic("out_bytes", "Bytes to the clients that are connected now."),
  in_msgs: traffic("in_msgs", "Messages from the clients that are connected now."),
  out_msgs: traffic("out_msgs", "Messages to the clients that are connected now."),
};
const healthStatus = gauge(
  "gnatsd_healthz_status",
  "0 where the server says that it is healthy, else 1.",
  serverId,
);

export const openNats: OpenInstance<NatsConfig> = (config, { timeoutMs }) => {
  const service = new HttpService(config.url, config, timeoutMs, bodyBytesMax);
  return {
    async collect(sink, tick) {
      const varz = objectOf(await service.json("/varz", tick.signal));
      const id = textOf(varz["server_id"]);
      if (id === "")
        throw new OperatingError("corrupt", "GET /varz: the answer is not that of a NATS server");
      addNested(sink, "gnatsd_varz", varz, id, []);
      await orDegraded(tick, "subsz", async () => {
        const subsz = objectOf(await service.json("/subsz", tick.signal));
        addNested(sink, "gnatsd_subsz", subsz, id, []);
      });
      await orDegraded(tick, "healthz", async () => {
        sink.add(healthStatus, (await isHealthy(service, tick)) ? 0 : 1, id);
      });
      if (config.connections_max > 0)
        await orDegraded(tick, "connz", async () => {
          const path = `/connz?limit=${config.connections_max}`;
          addConnections(sink, objectOf(await service.json(path, tick.signal)), id);
        });
      const path = jetStreamPath(config.jetstream);
      if (path !== undefined)
        await orDegraded(tick, "jsz", async () => {
          addJetStream(sink, objectOf(await service.json(path, tick.signal)), varz);
        });
    },
  };
};

/** One part of what a server tells may lack; a tick whose time is over fails as a whole. */
async function orDegraded(tick: Tick, part: string, ask: () => Promise<void>): Promise<void> {
  try {
    await ask();
  } catch (thrown) {
    if (tick.signal.aborted) throw thrown;
    tick.degraded(`${part}: ${messageOf(thrown)}`);
  }
}

/** 503 is how a server says that it is not healthy. Those before 2.7 know no /healthz, which is a part that lacks. */
async function isHealthy(service: HttpService, { signal }: Tick): Promise<boolean> {
  try {
    return textOf(objectOf(await service.json("/healthz", signal))["status"]) === "ok";
  } catch (thrown) {
    if (messageOf(thrown).includes("HTTP status 503")) return false;
    throw thrown;
  }
}

function addNested(
  sink: SampleSink,
  prefix: string,
  answer: JsonObject,
  id: string,
  path: readonly string[],
): void {
  for (const [key, value] of Object.entries(answer)) {
    const below = [...path, key];
    const name = below
      .join("_")
      .replaceAll(/[^a-zA-Z0-9]+/g, "_")
      .replaceAll(/^_|_$/g, "");
    if (skipped.has(name)) continue;
    if (typeof value === "number") sink.add(numbers(`${prefix}_${name}`), value, id);
    else if (typeof value === "string" && shownTexts.has(key)) {
      const milliseconds = /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
      if (Number.isNaN(milliseconds)) sink.add(words(`${prefix}_${name}`), 1, id, value);
      else sink.add(numbers(`${prefix}_${name}`), milliseconds, id);
    } else if (typeof value === "object" && below.length < depthMax)
      addNested(sink, prefix, objectOf(value), id, below);
  }
}

function addConnections(sink: SampleSink, answer: JsonObject, id: string): void {
  for (const [key, family] of Object.entries(connz)) {
    const value = numberOf(answer[key]);
    if (value !== undefined) sink.add(family, value, id);
  }
  const connections = arrayOf(answer["connections"]);
  for (const [key, family] of Object.entries(connzSums)) {
    let sum = 0;
    for (const each of connections) sum += numberOf(objectOf(each)[key]) ?? 0;
    sink.add(family, sum, id);
  }
}
