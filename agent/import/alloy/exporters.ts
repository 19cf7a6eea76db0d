import type { Draft, Plan } from "../plan.ts";
import type { Section } from "../section.ts";
import type { Plain } from "../source_tree.ts";
import type { Component } from "./components.ts";

type Exporter = {
  /** The integration that asks the same service. */
  readonly integration: string;
  /** Options of its instances; undefined where the arguments do not say which service is meant. */
  readonly instances: (section: Section) => readonly Draft[] | undefined;
};

/** Exporters whose service an integration asks by itself, by what stands behind "prometheus.exporter."; sorted. */
const exporters: Readonly<Record<string, Exporter>> = {
  apache: { integration: "apache", instances: apache },
  elasticsearch: { integration: "elasticsearch", instances: elasticsearch },
  kafka: { integration: "kafka", instances: kafka },
  memcached: { integration: "memcached", instances: memcached },
  mongodb: { integration: "mongodb", instances: mongodb },
  mysql: { integration: "mysql", instances: mysql },
  postgres: { integration: "postgresql", instances: postgres },
  redis: { integration: "redis", instances: redis },
  squid: { integration: "squid", instances: squid },
};

/** Makes an exporter an integration; false where there is none for it. */
export function exporterIntegration(
  { id, name, section }: Component,
  plan: Plan,
  interval: Plain,
): boolean {
  const key = name.slice("prometheus.exporter.".length);
  const exporter = Object.hasOwn(exporters, key) ? exporters[key] : undefined;
  if (exporter === undefined) return false;
  const instances = exporter.instances(section);
  section.loseRest("the integration knows no such option", "error");
  if (instances === undefined) {
    section.account.takeBack(
      section.node,
      "the arguments name no service as the integration needs it",
    );
    return true;
  }
  section.account.differ(
    section.node,
    `the integration ${exporter.integration} collects it, with its own labels job and instance`,
  );
  for (const instance of instances)
    plan.addIntegration(
      exporter.integration,
      { ...instance, ...(interval === undefined ? {} : { interval }) },
      `${section.node.at}: ${id}`,
    );
  return true;
}

function redis(section: Section): Draft[] | undefined {
  const address = section.text("redis_addr");
  if (address === undefined) return undefined;
  const url = /^rediss?:\/\//.test(address) ? urlOf(address) : undefined;
  const tls = tlsOf(section, {
    ca_file: "tls_ca_cert_file",
    cert_file: "tls_client_cert_file",
    key_file: "tls_client_key_file",
    insecure_skip_verify: "skip_tls_verification",
  });
  return [
    filled({
      address: url === undefined ? address : url.host,
      username: section.text("redis_user") ?? userOf(url),
      password: section.text("redis_password") ?? passwordOf(url),
      password_file: section.text("redis_password_file"),
      tls: tls ?? (address.startsWith("rediss:") ? true : undefined),
    }),
  ];
}

function memcached(section: Section): Draft[] {
  section.lose(["timeout"], "an instance has a timeout of its own", "error");
  return [filled({ address: section.text("address") ?? "localhost:11211" })];
}

function apache(section: Section): Draft[] {
  return [{ url: section.text("scrape_uri") ?? "http://localhost/server-status?auto" }];
}

function squid(section: Section): Draft[] | undefined {
  const address = section.text("address");
  if (address === undefined) return undefined;
  return [
    filled({
      url: `http://${address}`,
      username: section.text("username"),
      password: section.text("password"),
    }),
  ];
}

function elasticsearch(section: Section): Draft[] | undefined {
  const url = urlOf(section.text("address") ?? "http://localhost:9200");
  if (url === undefined) return undefined;
  const login = section.section("basic_auth");
  const tls = tlsOf(section, {
    ca_file: "ca",
    cert_file: "client_cert",
    key_file: "client_private_key",
    insecure_skip_verify: "ssl_skip_verify",
  });
  return [
    filled({
      url: `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, "")}`,
      username: login?.text("username") ?? userOf(url),
      password: login?.text("password") ?? passwordOf(url),
      password_file: login?.text("password_file"),
      nodes: section.flag("all") === true ? "all" : undefined,
      indices: section.flag("indices") === true ? true : undefined,
      tls_config: tls,
    }),
  ];
}

function kafka(section: Section): Draft[] | undefined {
  const brokers = section.texts("kafka_uris") ?? [];
  if (brokers.length === 0) return undefined;
  const tls = tlsOf(section, {
    ca_file: "ca_file",
    cert_file: "cert_file",
    key_file: "key_file",
    server_name: "tls_server_name",
    insecure_skip_verify: "insecure_skip_verify",
  });
  const usesTls = section.flag("use_tls") === true;
  const logsIn = section.flag("use_sasl") === true;
  const mechanisms: Readonly<Record<string, string>> = {
    "scram-sha256": "SCRAM-SHA-256",
    "scram-sha512": "SCRAM-SHA-512",
  };
  const mechanism = section.text("sasl_mechanism") ?? "plain";
  const [username, password] = [section.text("sasl_username"), section.text("sasl_password")];
  return [
    filled({
      brokers,
      ...(logsIn
        ? { username, password, sasl_mechanism: mechanisms[mechanism.toLowerCase()] ?? "PLAIN" }
        : {}),
      ...(usesTls ? { tls: tls ?? true } : {}),
      topics: section.text("topics_filter_regex"),
      topics_exclude: section.text("topics_exclude_regex"),
      groups: section.text("groups_filter_regex"),
      groups_exclude: section.text("groups_exclude_regex"),
    }),
  ];
}

/** A server of a `mongodb://` URL; those of a set are instances of their own. */
function mongodb(section: Section): Draft[] | undefined {
  const uri = section.text("mongodb_uri") ?? "";
  const [, login = "", hosts = "", query = ""] =
    /^mongodb:\/\/(?:([^@/]*)@)?([^/?]+)(?:\/[^?]*)?(?:\?(.*))?$/.exec(uri) ?? [];
  if (hosts === "") return undefined;
  const options = new URLSearchParams(query);
  const [user = "", password] = login.split(":").map((part) => decodeURIComponent(part));
  const usesTls = options.get("tls") === "true" || options.get("ssl") === "true";
  return hosts.split(",").map((address) =>
    filled({
      address,
      username: user === "" ? undefined : user,
      password,
      auth_source: options.get("authSource") ?? undefined,
      tls: usesTls ? true : undefined,
    }),
  );
}

/** `user:password@tcp(host:3306)/?tls=true` of Go's driver. */
function mysql(section: Section): Draft[] | undefined {
  const [, user = "", password, protocol = "tcp", address = "", query = ""] =
    /^(?:([^:@/]*)(?::(.*))?@)?(?:(\w+)?\(([^)]*)\))?\/[^?]*(?:\?(.*))?$/.exec(
      section.text("data_source_name") ?? "",
    ) ?? [];
  if (user === "" || (protocol !== "tcp" && protocol !== "unix")) return undefined;
  const tls = new URLSearchParams(query).get("tls") ?? "false";
  return [
    filled({
      address: address === "" ? "127.0.0.1:3306" : address,
      username: user,
      password: password === "" ? undefined : password,
      tls:
        tls === "true" ? true : tls === "skip-verify" ? { insecure_skip_verify: true } : undefined,
    }),
  ];
}

function postgres(section: Section): Draft[] | undefined {
  const names = section.texts("data_source_names") ?? [];
  const instances = names.flatMap((name): Draft[] => {
    const instance = postgresInstance(name);
    return instance === undefined ? [] : [instance];
  });
  return instances.length === 0 || instances.length < names.length ? undefined : instances;
}

/** `postgresql://user:password@host:5432/database?sslmode=disable`, or `host=... user=...`. */
function postgresInstance(name: string): Draft | undefined {
  const url = /^postgres(?:ql)?:\/\//.test(name) ? urlOf(name) : undefined;
  const words = new Map<string, string>(
    url === undefined
      ? [...name.matchAll(/(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))/g)].map(
          ([, key = "", quoted, bare = ""]) => [key, quoted?.replaceAll(/\\(.)/g, "$1") ?? bare],
        )
      : url.searchParams,
  );
  const host =
    words.get("host") ?? (url === undefined || url.hostname === "" ? undefined : url.hostname);
  const port = words.get("port") ?? (url === undefined || url.port === "" ? "5432" : url.port);
  if (url === undefined && words.size === 0) return undefined;
  const database = words.get("dbname") ?? decodeURIComponent(url?.pathname.slice(1) ?? "");
  const isSocket = host?.startsWith("/") === true;
  const secured: Readonly<Record<string, Draft | undefined>> = {
    disable: undefined,
    "verify-full": filled({ ca_file: words.get("sslrootcert") }),
  };
  const mode = words.get("sslmode") ?? "require";
  return filled({
    address: isSocket ? `${host}/.s.PGSQL.${port}` : `${host ?? "localhost"}:${port}`,
    username: words.get("user") ?? userOf(url),
    password: words.get("password") ?? passwordOf(url),
    database: database === "" ? undefined : database,
    tls: isSocket ? undefined : mode in secured ? secured[mode] : { insecure_skip_verify: true },
  });
}

/** Our keys of TLS by those of the exporter; undefined where none is given. */
function tlsOf(section: Section, keys: Readonly<Record<string, string>>): Draft | undefined {
  const tls = filled(
    Object.fromEntries(
      Object.entries(keys).map(([own, key]) => [
        own,
        own === "insecure_skip_verify" ? section.flag(key) : section.text(key),
      ]),
    ),
  );
  return Object.keys(tls).length === 0 ? undefined : tls;
}

function filled(draft: Readonly<Draft>): Draft {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined));
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function userOf(url: URL | undefined): string | undefined {
  return url === undefined || url.username === "" ? undefined : decodeURIComponent(url.username);
}

function passwordOf(url: URL | undefined): string | undefined {
  return url === undefined || url.password === "" ? undefined : decodeURIComponent(url.password);
}
