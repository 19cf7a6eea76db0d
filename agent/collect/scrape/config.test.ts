import { expect, test } from "bun:test";
import { parse } from "yaml";
import { z } from "zod";
import { prometheusScrape } from "./source.ts";

const faults = (config: unknown) => {
  const result = prometheusScrape.config.safeParse(config);
  return result.success ? "" : z.prettifyError(result.error);
};
const job = (more: Record<string, unknown> = {}) => ({
  scrape_configs: [{ job_name: "a", ...more }],
});

test("the configuration works empty, with Prometheus's defaults but for the interval", () => {
  const config = prometheusScrape.config.parse(job());
  expect(config.global.scrape_interval).toBe(15_000);
  expect(config.scrape_configs[0]).toMatchObject({
    metrics_path: "/metrics",
    scheme: "http",
    honor_labels: false,
    honor_timestamps: true,
    follow_redirects: true,
    enable_compression: true,
  });
  expect(faults({})).toBe("");
});

test("the configuration takes a file as people have it", () => {
  const pasted = {
    global: { scrape_interval: "1m", evaluation_interval: "1m", external_labels: { site: "x" } },
    scrape_configs: [
      {
        job_name: "node",
        scrape_timeout: "5s",
        static_configs: [{ targets: ["a:9100", "b:9100"], labels: { rack: 7 } }],
        file_sd_configs: [{ files: ["/etc/targets/*.json"] }],
        http_sd_configs: [{ url: "http://sd/targets", refresh_interval: "10s" }],
        dns_sd_configs: [{ names: ["_x._tcp.example"] }, { names: ["x"], type: "a", port: 1 }],
        tls_config: { ca_file: "/ca.pem", insecure_skip_verify: true },
        basic_auth: { username: "u", password_file: "/p" },
        relabel_configs: [
          { source_labels: ["__address__"], regex: "(.*):.*", target_label: "instance" },
        ],
        body_size_limit: "10MB",
        sample_limit: 5_000,
      },
    ],
  };
  expect(faults(pasted)).toBe("");
});

test.each<[string, unknown, string]>([
  ["an unknown key", job({ scrape_intervall: "1s" }), "scrape_intervall"],
  [
    "another discovery by name",
    job({ consul_sd_configs: [] }),
    "consul_sd_configs: this kind of discovery is not supported",
  ],
  [
    "a job name twice",
    { scrape_configs: [{ job_name: "a" }, { job_name: "a" }] },
    `job name "a" is used twice`,
  ],
  ["an empty job name", job({ job_name: "" }), "job_name"],
  ["a bad duration", job({ scrape_interval: "15" }), "scrape_interval"],
  ["no interval at all", job({ scrape_interval: "0s" }), "must be above 0"],
  [
    "a timeout over the interval",
    job({ scrape_interval: "5s", scrape_timeout: "6s" }),
    "scrape_timeout",
  ],
  [
    "a timeout over the global interval",
    { global: { scrape_interval: "5s" }, ...job({ scrape_timeout: "6s" }) },
    "scrape_configs[0].scrape_timeout",
  ],
  ["another scheme", job({ scheme: "ftp" }), "scheme"],
  [
    "two ways to authorize",
    job({ bearer_token: "x", basic_auth: { username: "u" } }),
    "at most one of",
  ],
  [
    "two passwords",
    job({ basic_auth: { username: "u", password: "a", password_file: "b" } }),
    "password_file",
  ],
  ["Basic as authorization", job({ authorization: { type: "Basic" } }), "basic_auth"],
  ["a certificate without a key", job({ tls_config: { cert_file: "/c" } }), "both cert and key"],
  ["two CAs", job({ tls_config: { ca: "x", ca_file: "/c" } }), "either ca or ca_file"],
  [
    "a pattern in a folder",
    job({ file_sd_configs: [{ files: ["/a*/b.json"] }] }),
    "only the last part",
  ],
  [
    "another kind of file",
    job({ file_sd_configs: [{ files: ["/a.txt"] }] }),
    ".json, .yml or .yaml",
  ],
  [
    "a DNS type without a port",
    job({ dns_sd_configs: [{ names: ["x"], type: "A" }] }),
    "a port is needed",
  ],
  ["a protocol twice", job({ scrape_protocols: ["PrometheusProto", "PrometheusProto"] }), "twice"],
  [
    "a bad rule",
    job({ metric_relabel_configs: [{ action: "keep", regex: "(" }] }),
    "regular expression",
  ],
])("the configuration refuses %s", (_, config, message) => {
  expect(faults(config)).toContain(message);
});

test("numbers and truth values stand for their text where Prometheus takes text, and nothing for an empty label", () => {
  const written = `
scrape_configs:
  - job_name: 1234
    params: {module: [2, true]}
    static_configs:
      - targets: [localhost:9100]
        labels: {rack: 7, spare: true, zone: }
    relabel_configs:
      - {target_label: port, regex: 80, replacement: 8080}
`;
  const parsed = prometheusScrape.config.parse(parse(written));
  expect(parsed.scrape_configs[0]).toMatchObject({
    job_name: "1234",
    params: { module: ["2", "true"] },
    static_configs: [{ labels: { rack: "7", spare: "true", zone: "" } }],
    relabel_configs: [{ replacement: "8080" }],
  });
  const external_labels = { dc: 1, zone: null };
  expect(prometheusScrape.config.parse({ global: { external_labels } }).global).toMatchObject({
    external_labels: { dc: "1", zone: "" },
  });
});
