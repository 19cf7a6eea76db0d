import { OperatingError, messageOf } from "#shared/errors.ts";
import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import { HttpService } from "../connections/http_service.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import {
  type JsonObject,
  type NumberAt,
  addNumbers,
  objectOf,
  textOf,
} from "../connections/json_value.ts";
import type { ElasticsearchConfig } from "./config.ts";
import { indexNumbers, indexStatsPath } from "./index_families.ts";
import { addNode } from "./nodes.ts";

/** Statistics of a node have about 20 kB, those of an index 3 kB. */
const bodyBytesMax = 32 * 1_024 * 1_024;

const ofHealth = (name: string, help: string) =>
  gauge(`elasticsearch_cluster_health_${name}`, help, ["cluster"]);
/** Fields of /_cluster/health; names as in github.com/prometheus-community/elasticsearch_exporter. */
const health: readonly NumberAt[] = [
  ["active_primary_shards", ofHealth("active_primary_shards", "Primary shards that are active.")],
  ["active_shards", ofHealth("active_shards", "Shards that are active, with replicas.")],
  [
    "delayed_unassigned_shards",
    ofHealth("delayed_unassigned_shards", "Shards that wait for their node to come back."),
  ],
  ["initializing_shards", ofHealth("initializing_shards", "Shards that are being made.")],
  ["number_of_data_nodes", ofHealth("number_of_data_nodes", "Nodes that hold data.")],
  [
    "number_of_in_flight_fetch",
    ofHealth("number_of_in_flight_fetch", "Questions for shards under way."),
  ],
  [
    "task_max_waiting_in_queue_millis",
    ofHealth(
      "task_max_waiting_in_queue_millis",
      "Longest that a cluster task waits, milliseconds.",
    ),
  ],
  ["number_of_nodes", ofHealth("number_of_nodes", "Nodes of the cluster.")],
  [
    "number_of_pending_tasks",
    ofHealth("number_of_pending_tasks", "Changes to the cluster's state that wait."),
  ],
  ["relocating_shards", ofHealth("relocating_shards", "Shards on their way to another node.")],
  ["unassigned_shards", ofHealth("unassigned_shards", "Shards that have no node.")],
];
const colours = ["green", "yellow", "red"];
const status = gauge("elasticsearch_cluster_health_status", "1 for the cluster's colour.", [
  "cluster",
  "color",
]);
const version = gauge("elasticsearch_version", "What the node runs.", [
  "cluster",
  "cluster_uuid",
  "build_date",
  "build_hash",
  "version",
  "lucene_version",
]);

export const openElasticsearch: OpenInstance<ElasticsearchConfig> = (config, { timeoutMs }) => {
  const service = new HttpService(config.url, config, timeoutMs, bodyBytesMax);
  return {
    async collect(sink, tick) {
      const about = objectOf(await service.json("/", tick.signal));
      const cluster = textOf(about["cluster_name"]);
      if (cluster === "") throw new OperatingError("corrupt", "GET /: names no cluster");
      addVersion(sink, about, cluster);
      await orDegraded(tick, "cluster health", async () => {
        addHealth(sink, objectOf(await service.json("/_cluster/health", tick.signal)), cluster);
      });
      await orDegraded(tick, "nodes", async () => {
        const path = config.nodes === "all" ? "/_nodes/stats" : "/_nodes/_local/stats";
        const answer = objectOf(await service.json(path, tick.signal));
        for (const [id, node] of Object.entries(objectOf(answer["nodes"])))
          addNode(sink, objectOf(node), cluster, id);
      });
      if (!config.indices) return;
      await orDegraded(tick, "indices", async () => {
        const answer = objectOf(await service.json(indexStatsPath, tick.signal));
        for (const [index, stats] of Object.entries(objectOf(answer["indices"])))
          addNumbers(sink, stats, indexNumbers, index, cluster);
      });
    },
  };
};

/** A right may lack, or a proxy refuse a path; a tick whose time is over fails as a whole. */
async function orDegraded(tick: Tick, part: string, ask: () => Promise<void>): Promise<void> {
  try {
    await ask();
  } catch (thrown) {
    if (tick.signal.aborted) throw thrown;
    tick.degraded(`${part}: ${messageOf(thrown)}`);
  }
}

function addVersion(sink: SampleSink, about: JsonObject, cluster: string): void {
  const build = objectOf(about["version"]);
  sink.add(
    version,
    1,
    cluster,
    textOf(about["cluster_uuid"]),
    textOf(build["build_date"]),
    textOf(build["build_hash"]),
    textOf(build["number"]),
    textOf(build["lucene_version"]),
  );
}

function addHealth(sink: SampleSink, answer: JsonObject, cluster: string): void {
  addNumbers(sink, answer, health, cluster);
  for (const colour of colours)
    sink.add(status, answer["status"] === colour ? 1 : 0, cluster, colour);
}
