import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { duration } from "#shared/text/duration.ts";
import { atMostOne } from "./key_checks.ts";
import { HttpConfig, Tls } from "./http/http_config.ts";

const text = z.string().optional();

const shape = {
  /** An alert without an end is resolved after so long without hearing of it again. */
  resolve_timeout: duration.prefault("5m"),
  http_config: HttpConfig.optional(),
  smtp_from: text,
  smtp_hello: z.string().default("localhost"),
  smtp_smarthost: text,
  smtp_auth_username: text,
  smtp_auth_password: secret().optional(),
  smtp_auth_password_file: text,
  smtp_auth_secret: secret().optional(),
  smtp_auth_secret_file: text,
  smtp_auth_identity: text,
  smtp_require_tls: z.boolean().default(true),
  smtp_force_implicit_tls: z.boolean().optional(),
  smtp_tls_config: Tls.optional(),
  slack_api_url: secret().optional(),
  slack_api_url_file: text,
  slack_app_token: secret().optional(),
  slack_app_token_file: text,
  slack_app_url: z.string().default("https://slack.com/api/chat.postMessage"),
  pagerduty_url: z.string().default("https://events.pagerduty.com/v2/enqueue"),
  opsgenie_api_url: z.string().default("https://api.opsgenie.com/"),
  opsgenie_api_key: secret().optional(),
  opsgenie_api_key_file: text,
  wechat_api_url: z.string().default("https://qyapi.weixin.qq.com/cgi-bin/"),
  wechat_api_secret: secret().optional(),
  wechat_api_secret_file: text,
  wechat_api_corp_id: text,
  victorops_api_url: z
    .string()
    .default("https://alert.victorops.com/integrations/generic/20131114/alert/"),
  victorops_api_key: secret().optional(),
  victorops_api_key_file: text,
  telegram_api_url: z.string().default("https://api.telegram.org"),
  telegram_bot_token: secret().optional(),
  telegram_bot_token_file: text,
  webex_api_url: z.string().default("https://webexapis.com/v1/messages"),
  rocketchat_api_url: z.string().default("https://open.rocket.chat/"),
  rocketchat_token: secret().optional(),
  rocketchat_token_file: text,
  rocketchat_token_id: secret().optional(),
  rocketchat_token_id_file: text,
  jira_api_url: text,
  mattermost_webhook_url: secret().optional(),
  mattermost_webhook_url_file: text,
};

/** Keys that have another one beside them which names a file. */
const withFiles = Object.keys(shape).filter((key) => `${key}_file` in shape);

/** `global` of Alertmanager's configuration file: what integrations use that do not say otherwise. */
export const GlobalConfig = withFiles.reduce(
  (schema, key) => schema.superRefine(atMostOne(key, `${key}_file`)),
  z.strictObject(shape),
);
export type GlobalConfig = z.output<typeof GlobalConfig>;
