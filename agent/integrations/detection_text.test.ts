import { expect, test } from "bun:test";
import { parse } from "yaml";
import { IntegrationsConfig } from "./config.ts";
import { type DetectedService, detectionText } from "./detection_text.ts";
import { snippetOf } from "./snippet.ts";

const service = (more: Partial<DetectedService>): DetectedService => ({
  integration: "memcached",
  title: "Memcached",
  instance: "127.0.0.1:11211",
  job: "memcached",
  state: "starts",
  origin: "detection",
  lastError: "",
  confidence: 1,
  because: ["listens on 127.0.0.1:11211"],
  needs: [],
  metrics: ["memcached_"],
  logs: [],
  snippet: snippetOf([
    { integration: "memcached", options: { address: "127.0.0.1:11211" }, needs: [] },
  ]),
  foundMs: 1,
  ...more,
});

test("snippetOf() is YAML of the configuration: options without secrets, what is needed below its reason", () => {
  const text = snippetOf([
    { integration: "memcached", options: { address: "[::1]:11211" }, needs: [] },
    {
      integration: "memcached",
      options: { password: "hunter2", labels: { a: "b" } },
      needs: [
        {
          key: "password_file",
          example: "/etc/lapwing/password",
          why: `CREATE USER lapwing;\n${"Write it there. ".repeat(10)}`,
        },
      ],
    },
    {
      integration: "memcached",
      options: {},
      needs: [{ key: "address", example: "127.0.0.1:1", why: "It listens elsewhere." }],
    },
    { integration: "memcached", options: {}, needs: [] },
  ]);
  expect(text).not.toContain("hunter2");
  expect(text).toContain("      # CREATE USER lapwing;\n      # Write it there. Write");
  expect(text).toContain("    # It listens elsewhere.\n    - address: 127.0.0.1:1\n");
  expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThan(120);
  expect(parse(text)).toEqual({
    integrations: {
      memcached: [
        { address: "[::1]:11211" },
        { password: "<secret>", labels: { a: "b" }, password_file: "/etc/lapwing/password" },
        { address: "127.0.0.1:1" },
        {},
      ],
    },
  });
});

test("detectionText() has a line for each service, the reasons, and one snippet that the configuration takes", () => {
  const other = "127.0.0.1:11212";
  const text = detectionText(
    [
      service({}),
      service({
        instance: other,
        state: "down",
        lastError: "ECONNREFUSED",
        snippet: snippetOf([{ integration: "memcached", options: { address: other }, needs: [] }]),
      }),
      service({ title: "nginx", integration: "nginx", state: "failed", lastError: "too slow" }),
    ],
    true,
  );
  const lines = text.split("\n");
  expect(lines.slice(0, 3).map((line) => line.split(/ {2,}/))).toEqual([
    ["SERVICE", "INSTANCE", "STATE", "METRICS", "LOGS"],
    ["Memcached", "127.0.0.1:11211", "starts by itself", "memcached_*", "none"],
    ["Memcached", other, "down (found): ECONNREFUSED", "memcached_*", "none"],
  ]);
  expect(text).toEndWith("nginx could not be looked for: too slow\n");
  const yaml = text.slice(text.indexOf("integrations:\n"), text.indexOf("\nnginx could"));
  const { named } = IntegrationsConfig.parse(parse(yaml).integrations);
  expect(named.map(({ instance }) => instance)).toEqual(["127.0.0.1:11211", other]);
});

test("detectionText() says so where nothing was found", () => {
  expect(detectionText([], true)).toStartWith("No service of a kind that Lapwing knows");
});
