import { expect, test } from "bun:test";
import { AlertingConfig } from "./config.ts";
import { endpointsOf } from "./endpoints.ts";

function urlsOf(...alertmanagers: object[]) {
  const { active, dropped } = endpointsOf(AlertingConfig.parse({ alertmanagers }).alertmanagers);
  return { active: active.map(({ url }) => url), dropped };
}
const at = (...targets: string[]) => ({ static_configs: [{ targets }] });

test("an address gets its path, and the port of its scheme where it names none", () => {
  expect(urlsOf(at("a:9093", "b")).active).toEqual([
    "http://a:9093/api/v2/alerts",
    "http://b:80/api/v2/alerts",
  ]);
  expect(urlsOf({ ...at("c", "[::1]"), scheme: "https", path_prefix: "am/" }).active).toEqual([
    "https://c:443/am/api/v2/alerts",
    "https://[::1]:443/am/api/v2/alerts",
  ]);
});

test("relabelling changes and drops addresses; one URL counts once", () => {
  const relabel_configs = [
    { source_labels: ["__address__"], regex: "old.*", action: "drop" },
    { source_labels: ["zone"], regex: "(.+)", target_label: "__alerts_path__", replacement: "/$1" },
  ];
  const static_configs = [
    { targets: ["old:1", "new:1"], labels: { zone: "z" } },
    { targets: ["new:1"], labels: { zone: "z" } },
  ];
  expect(urlsOf({ static_configs, relabel_configs })).toEqual({
    active: ["http://new:1/z"],
    dropped: ["http://old:1/api/v2/alerts"],
  });
});

test.each([
  [{ api_version: "v1" }, 'expected \\"v2\\"'],
  [{ timeout: "0s" }, "expected a duration above 0"],
  [{ basic_auth: {}, bearer_token: "x" }, "at most one of basic_auth and bearer_token"],
  [
    { oauth2: { client_id: "a", client_secret: "b", token_url: "http://c" }, basic_auth: {} },
    "oauth2",
  ],
  [{ relabel_configs: [{ action: "jump" }] }, "action"],
  [{ dns_sd_configs: [] }, "dns_sd_configs"],
])("the alertmanagers entry %j is refused", (entry, message) => {
  const { error } = AlertingConfig.safeParse({ alertmanagers: [entry] });
  expect(JSON.stringify(error?.issues)).toContain(message);
});
