import type { z } from "zod";
import { gauge } from "../../collect/samples/family.ts";
import { type HostProcess, type HostView, listenersOf, reachable } from "../host_view.ts";
import { type Finding, type Need, defineIntegration } from "../integration.ts";
import { serverLog } from "../log_sources/server_log.ts";
import { ElasticsearchConfig, usualPort } from "./config.ts";

/** Elasticsearch and OpenSearch; names of metrics as elasticsearch_exporter's. */
export const elasticsearch = defineIntegration({
  name: "elasticsearch",
  title: "Elasticsearch",
  job: "elasticsearch",
  config: ElasticsearchConfig,
  up: gauge("elasticsearch_up", "Whether the node answered."),
  instanceOf: ({ url }) => new URL(url).host,
  async detect(host) {
    const found: Finding<z.input<typeof ElasticsearchConfig>>[] = [];
    for (const process of searchNodes(host)) found.push(await findingOf(host, process));
    return found;
  },
  load: async () => (await import("./collect.ts")).openElasticsearch,
  logs: ({ url }) => [
    serverLog({
      job: "elasticsearch",
      instance: new URL(url).host,
      paths: ["/var/log/elasticsearch/*.log", "/var/log/opensearch/*.log"],
      exclude: ["**/gc.log*", "**/*.{gz,zip}"],
      head: String.raw`^\[(?P<time>[^\]]+)\]\[(?P<level>[A-Z]+) *\]\[(?P<logger>[^\] ]+)`,
      values: { deprecation: "warn", critical: "error" },
    }),
  ],
});

/** Nodes by the class that Java was started with. */
function searchNodes(host: HostView): HostProcess[] {
  return host.processes.filter(
    ({ args, ownNetwork }) =>
      !ownNetwork &&
      args.some((arg) => /org\.(elasticsearch|opensearch)\.bootstrap\.(Elastic|Open)/.test(arg)),
  );
}

async function findingOf(
  host: HostView,
  process: HostProcess,
): Promise<Finding<z.input<typeof ElasticsearchConfig>>> {
  const isOpenSearch = process.args.some((arg) => arg.includes("org.opensearch"));
  const title = isOpenSearch ? "OpenSearch" : "Elasticsearch";
  const because = [`process ${process.name} (pid ${process.pid}) runs ${title}`];
  const listener = listenersOf(host, [process], [usualPort]).find(
    ({ port }) => port >= usualPort && port < usualPort + 100,
  );
  const url = listener === undefined ? undefined : `http://${reachable(listener)}`;
  const answer = url === undefined ? undefined : await host.get(`${url}/`);
  if (url !== undefined && answer?.status === 200 && answer.body.includes('"cluster_name"'))
    return { confidence: 1, because: [...because, `${url} answers`], options: { url }, needs: [] };
  const options = url === undefined ? {} : { url };
  if (answer?.status === 401)
    return {
      confidence: 0.4,
      because: [...because, `${url} wants to know who asks`],
      options,
      needs,
    };
  const https = { url: (url ?? `http://127.0.0.1:${usualPort}`).replace("http:", "https:") };
  return { confidence: 0.4, because, options: https, needs: [...needs, authority] };
}

const needs: readonly Need[] = [
  {
    key: "username",
    example: "lapwing",
    why: 'A user that may monitor: PUT /_security/role/lapwing {"cluster": ["monitor"], "indices": [{"names": ["*"], "privileges": ["monitor"]}]}, and a user of that role.',
  },
  { key: "password_file", example: "/etc/lapwing/elasticsearch.password", why: "Its password." },
];

const authority: Need = {
  key: "tls_config",
  example: "{ca_file: /etc/elasticsearch/certs/http_ca.crt}",
  why: "It answers over TLS only; the certificate authority must be known, and readable by the agent.",
};
