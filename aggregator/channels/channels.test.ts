import { expect, test } from "bun:test";
import { Glob } from "bun";
import { channels } from "./channels.ts";
import { keysOf, secretKeysOf, withSecretsHidden } from "./shown_secrets.ts";
import { webhook } from "./webhook/send.ts";

const names = channels.map((some) => some(({ name }) => name));

test("every folder of a channel is in the registry, under its name", () => {
  const files = [...new Glob("*/send.ts").scanSync(import.meta.dir)];
  expect(names).toEqual(files.map((file) => file.split("/")[0] ?? "").toSorted());
});

test("every receiver of Alertmanager is there", () => {
  const receivers =
    "webhook email slack pagerduty opsgenie discord msteams msteamsv2 telegram pushover victorops sns mattermost jira webex wechat rocketchat incidentio";
  expect(names).toEqual(expect.arrayContaining(receivers.split(" ")));
});

test("a key that has a file beside it is a secret", () => {
  for (const some of channels) {
    const [name, keys, secrets] = some(({ name: own, schema }) => {
      return [own, keysOf(schema), secretKeysOf(schema)] as const;
    });
    const withFiles = keys.filter((key) => keys.includes(`${key}_file`));
    const open = { telegram: ["chat_id"], incidentio: ["url"] }[name] ?? [];
    expect([name, withFiles.filter((key) => !secrets.includes(key))]).toEqual([name, open]);
  }
});

test("withSecretsHidden() hides what the schema marks, at any depth", () => {
  const written = {
    url: "http://x/s3cret",
    max_alerts: 1,
    http_config: {
      basic_auth: { username: "me", password: "pw" },
      oauth2: { client_id: "id", client_secret: "cs", token_url: "http://t" },
      http_headers: { "X-A": { values: ["shown"], secrets: ["hidden"] } },
    },
  };
  expect(withSecretsHidden(webhook.schema, written)).toEqual({
    url: "<secret>",
    max_alerts: 1,
    http_config: {
      basic_auth: { username: "me", password: "<secret>" },
      oauth2: { client_id: "id", client_secret: "<secret>", token_url: "http://t" },
      http_headers: { "X-A": { values: ["shown"], secrets: ["<secret>"] } },
    },
  });
});
