import { expect, test } from "bun:test";
import { shownConfig } from "#shared/runtime/shown_config.ts";
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
