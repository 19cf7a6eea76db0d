import { type JsonObject, arrayOf, objectOf, textOf } from "../connections/json_value.ts";

/** As in collector/nodes.go of elasticsearch_exporter. */
export const nodeLabels = [
  "cluster",
  "host",
  "name",
  "es_master_node",
  "es_data_node",
  "es_ingest_node",
  "es_client_node",
];

/** Those that are told of every node, whether it has them or not. */
const usualRoles = [
  "master",
  "data",
  "data_hot",
  "data_warm",
  "data_cold",
  "data_frozen",
  "data_content",
  "ml",
  "remote_cluster_client",
  "transform",
  "ingest",
  "client",
];

/** Roles of a node, and whether it has them: the usual ones and what it names besides. A node that answers over HTTP is a client, too. */
export function rolesOf(node: JsonObject): ReadonlyMap<string, boolean> {
  const roles = new Map(usualRoles.map((role) => [role, false]));
  for (const role of arrayOf(node["roles"])) roles.set(textOf(role), true);
  roles.set("client", Object.keys(objectOf(node["http"])).length > 0);
  return roles;
}

export function nodeLabelsOf(
  node: JsonObject,
  cluster: string,
  roles: ReadonlyMap<string, boolean>,
): string[] {
  const isData = [...roles].some(
    ([role, has]) => has && (role === "data" || role.startsWith("data_")),
  );
  const has = (role: string) => String(roles.get(role) === true);
  return [
    cluster,
    textOf(node["host"]),
    textOf(node["name"]),
    has("master"),
    String(isData),
    has("ingest"),
    has("client"),
  ];
}
