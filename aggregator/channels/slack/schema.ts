import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { duration } from "#shared/text/duration.ts";
import { atMostOne, isGiven } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

const chatPostUrl = "https://slack.com/api/chat.postMessage";

const Field = z.strictObject({
  title: templated().refine((text) => text !== "", "missing title of a field"),
  value: templated().refine((text) => text !== "", "missing value of a field"),
  short: z.boolean().optional(),
});

const Confirmation = z.strictObject({
  text: templated().refine((text) => text !== "", "missing text of a confirmation"),
  title: templated(),
  ok_text: templated(),
  dismiss_text: templated(),
});

const Action = z
  .strictObject({
    type: templated().refine((text) => text !== "", "missing type of an action"),
    text: templated().refine((text) => text !== "", "missing text of an action"),
    url: templated(),
    style: templated(),
    name: templated(),
    value: templated(),
    confirm: Confirmation.optional(),
  })
  .refine((action) => action.url !== "" || action.name !== "", "expected a name or url");

/** An element of `slack_configs`: an incoming webhook, or a bot's token. */
export const SlackConfig = z
  .strictObject({
    ...httpShape(false),
    ...chartShape(false),
    api_url: secret().optional(),
    api_url_file: z.string().optional(),
    /** Of a bot with the right chat:write. */
    app_token: secret().optional(),
    app_token_file: z.string().optional(),
    app_url: z.string().optional(),
    channel: templated(),
    username: templated('{{ template "slack.default.username" . }}'),
    color: templated('{{ template "slack.default.color" . }}'),
    title: templated('{{ template "slack.default.title" . }}'),
    title_link: templated('{{ template "slack.default.titlelink" . }}'),
    pretext: templated('{{ template "slack.default.pretext" . }}'),
    text: templated('{{ template "slack.default.text" . }}'),
    /** Text of the message itself, above the attachment. */
    message_text: templated(),
    fields: z.array(Field).default([]),
    short_fields: z.boolean().default(false),
    footer: templated('{{ template "slack.default.footer" . }}'),
    fallback: templated('{{ template "slack.default.fallback" . }}'),
    callback_id: templated('{{ template "slack.default.callbackid" . }}'),
    icon_emoji: templated('{{ template "slack.default.iconemoji" . }}'),
    icon_url: templated('{{ template "slack.default.iconurl" . }}'),
    image_url: templated(),
    thumb_url: templated(),
    link_names: z.boolean().default(false),
    mrkdwn_in: z.array(z.string()).default([]),
    actions: z.array(Action).default([]),
    /** Changes the group's first message instead of sending others. Needs a bot. */
    update_message: z.boolean().default(false),
    /** Sends later messages of a group as replies to its first. Needs a bot. Lapwing's own. */
    reply_in_thread: z.boolean().default(false),
    timeout: duration.prefault("0s"),
  })
  .superRefine(atMostOne("api_url", "api_url_file", "app_token", "app_token_file"))
  .superRefine((config, context) => {
    const isBot =
      isGiven(config.app_token) || isGiven(config.app_token_file) || config.api_url === chatPostUrl;
    const hasOwn = isGiven(config.api_url) || isGiven(config.api_url_file) || isBot;
    for (const key of ["update_message", "reply_in_thread"] as const)
      if (config[key] && hasOwn && !isBot)
        context.addIssue({
          code: "custom",
          path: [key],
          message: `${key} needs a bot: expected app_token, or api_url ${chatPostUrl}`,
          input: config,
        });
  });
export type SlackConfig = z.output<typeof SlackConfig>;
