import { expect, test } from "bun:test";
import { parseConfig } from "./config.ts";
import { z } from "zod";
import { shownConfig, withoutSecrets } from "./shown_config.ts";

test("shownConfig() hides secrets by their keys in any case and in URLs, and leaves out the texts that tell changes", () => {
  const entry = { address: "db:1", password: "hunter2", password_file: "/run/password" };
  const shown = shownConfig({
    ...entry,
    url: "nats://user:hunter2@bus:4222",
    authorization: { credentials: "hunter2" },
    env: { API_TOKEN: "hunter2", LANG: "C" },
    bound: [{ type: "command", fingerprint: JSON.stringify(entry) }],
    own: { shown: () => ({ password: "hunter2", name: "as told" }) },
  });
  expect(shown).not.toContain("hunter2");
  for (const part of ["db:1", "/run/password", "@bus:4222", "LANG: C", "as told"])
    expect(shown).toContain(part);
});

test("withoutSecrets() hides what probes send, values of maps that their owner chooses, and options of programs", () => {
  const shown = withoutSecrets({
    params: { apikey: ["hunter2"], q: ["hunter2"], module: ["http_2xx"] },
    modules: {
      web: {
        body: "hunter2",
        headers: { "X-Api-Key": "hunter2", Cookie: "hunter2", Accept: "text/plain" },
        http_headers: { "X-Own": { secrets: ["hunter2"], values: ["hunter2"], files: ["/run/x"] } },
        query_response: [{ expect: "^220", send: "AUTH hunter2" }, { send: "" }],
        metadata: { "x-own": ["hunter2"] },
        variables: { user: "hunter2" },
      },
    },
    webhooks: [{ url: "https://hooks.example/services/hunter2", timeout: 1 }],
    command: ["ask", "--password=hunter2", "--api-key", "hunter2", "--verbose", "shown"],
    authorization: { type: "Bearer", credentials: "hunter2", credentials_file: "/run/y" },
  });
  const text = JSON.stringify(shown);
  expect(text).not.toContain("hunter2");
  for (const part of ["http_2xx", "text/plain", "/run/x", "^220", "--verbose", "Bearer", "/run/y"])
    expect(text).toContain(part);
  expect(shown).toMatchObject({
    command: ["ask", "--password=<secret>", "--api-key", "<secret>", "--verbose", "shown"],
  });
});

test("withoutSecrets() hides passwords and signed parameters in texts of any key", () => {
  for (const [text, shown] of [
    ["http://sd/targets?env=prod&key=hunter2&x=1", "http://sd/targets?env=prod&key=<secret>&x=1"],
    ["https://a/b?X-Amz-Signature=hunter2", "https://a/b?X-Amz-Signature=<secret>"],
    [
      "https://a/b?sig=hunter2#access_token=hunter2",
      "https://a/b?sig=<secret>#access_token=<secret>",
    ],
    ["postgres://u:hun@ter2@db/x", "postgres://<secret>@db/x"],
    ["postgres://u:hun/ter2#@db/x", "postgres://<secret>@db/x"],
    ["postgres://db/x?user=u&password=hunter2", "postgres://db/x?user=u&password=<secret>"],
    ["host=db user=u password='hun ter2' x=1", "host=db user=u password=<secret> x=1"],
    ["a http://u:hunter2@b and http://c:hunter2@d", "a http://<secret>@b and http://<secret>@d"],
    ["u:hunter2@db:1", "<secret>@db:1"],
    ["Authorization: Bearer hunter2hunter2", "Authorization: Bearer <secret>"],
    ["http://web:8080/users/@me", "http://web:8080/users/@me"],
    ["http://127.0.0.1:9090/metrics?module=x", "http://127.0.0.1:9090/metrics?module=x"],
    ['rate(up{job="a"}[5m])', 'rate(up{job="a"}[5m])'],
  ] as const)
    expect(withoutSecrets({ any: text })).toEqual({ any: shown });
});

test("a mistake in a configuration names no secret", () => {
  const schema = z.object({
    params: z.object({ apikey: z.number() }),
    body: z.number(),
    url: z.number(),
    webhooks: z.array(z.object({ url: z.number() })),
  });
  const text =
    "params: {apikey: hunter2}\nbody: hunter2\nurl: http://a?token=hunter2\nwebhooks: [{url: http://a/hunter2}]";
  const read = () => parseConfig(schema, { name: "a.yaml", text, overrides: [] });
  expect(read).toThrow("params.apikey is <secret>");
  expect(read).not.toThrow("hunter2");
});
