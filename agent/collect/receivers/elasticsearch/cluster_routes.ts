import { Hono } from "hono";

/** Agents compare it with their own: from 8.0 on they take any other of the same line. */
const speaks = "8.18.0";
const cluster = "lapwing";
const id = "lapwing";
/** 2096: an agent that finds an expired licence stops. */
const farMs = 4_000_000_000_000;

/**
 * What agents ask before they send, below `prefix`, in the shapes of Elasticsearch's reference. There is no index to set up: templates,
 * policies, pipelines and data streams are acknowledged and not kept.
 */
export function clusterRoutes(prefix: string): Hono {
  const routes = new Hono();
  const info = {
    name: id,
    cluster_name: cluster,
    cluster_uuid: id,
    version: {
      number: speaks,
      build_flavor: "default",
      build_type: "docker",
      build_snapshot: false,
      lucene_version: "9.12.1",
      minimum_wire_compatibility_version: "7.17.0",
      minimum_index_compatibility_version: "7.0.0",
    },
    tagline: "You Know, for Search",
  };
  for (const path of [prefix, `${prefix}/`]) routes.get(path, (c) => c.json(info));
  const license = {
    status: "active",
    uid: id,
    type: "basic",
    mode: "basic",
    expiry_date_in_millis: farMs,
  };
  routes.get(`${prefix}/_license`, (c) => c.json({ license }));
  routes.get(`${prefix}/_xpack`, (c) => c.json({ license, features: {} }));
  const health = {
    cluster_name: cluster,
    status: "green",
    timed_out: false,
    number_of_nodes: 1,
    number_of_data_nodes: 1,
  };
  routes.get(`${prefix}/_cluster/health`, (c) => c.json(health));
  routes.get(`${prefix}/_cluster/health/*`, (c) => c.json(health));
  routes.get(`${prefix}/_nodes/*`, (c) => c.json({ cluster_name: cluster, nodes: {} }));
  for (const kind of settingKinds) {
    routes.get(`${prefix}/${kind}/*`, (c) => c.json({}));
    routes.on(["PUT", "POST"], `${prefix}/${kind}/*`, (c) => c.json({ acknowledged: true }));
  }
  return routes;
}

const settingKinds = [
  "_template",
  "_index_template",
  "_component_template",
  "_ilm",
  "_data_stream",
  "_ingest",
  "_alias",
  "_logstash",
];
