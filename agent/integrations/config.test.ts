import { expect, test } from "bun:test";
import { shownConfig } from "#shared/runtime/config/shown_config.ts";
import { IntegrationsConfig } from "./config.ts";

test("the configuration in effect shows instances as they were written, with defaults and without secrets", () => {
  const password = "only for the server";
  const config = IntegrationsConfig.parse({
    // Scraped, so that the secret stands in the job that is made of it, too.
    etcd: [{ username: "watcher", password }],
    postgresql: [{ password_file: "/etc/lapwing/postgresql.password" }],
    redis: [{ address: "db:6379", username: "watcher", password }],
  });
  const text = shownConfig({ integrations: config });
  expect(text).not.toContain(password);
  expect(Bun.YAML.parse(text)).toMatchObject({
    integrations: {
      named: [
        { etcd: { options: { username: "watcher", password: "<secret>" } } },
        { postgresql: { options: { password_file: "/etc/lapwing/postgresql.password" } } },
        { redis: { interval: 15_000, options: { address: "db:6379", password: "<secret>" } } },
      ],
    },
  });
});

test("logs of a service have the labels of its metrics: the host's name in a place of its own, what an entry says", () => {
  const { named } = IntegrationsConfig.parse({
    nginx: [
      { url: "http://127.0.0.1:8080/status" },
      { url: "http://127.0.0.1/status", instance: "front", labels: { team: "web" } },
      { url: "http://127.0.0.1/other", logs: false },
    ],
  });
  const labels = named.map(({ logs }) =>
    // The options are JSON within JSON.
    logs("web-1").map(
      ({ fingerprint }) => /"labels":(\{.*?\})/.exec(fingerprint.replaceAll("\\", ""))?.[1],
    ),
  );
  expect(labels).toEqual([
    ['{"instance":"web-1:8080","log":"access"}', '{"instance":"web-1:8080","log":"error"}'],
    [
      '{"instance":"front","log":"access","team":"web"}',
      '{"instance":"front","log":"error","team":"web"}',
    ],
    [],
  ]);
});
