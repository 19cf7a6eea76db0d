import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { atMostOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

const Field = z.strictObject({
  title: templated(),
  value: templated(),
  short: z.boolean().optional(),
});

const Action = z.strictObject({
  type: templated(),
  text: templated(),
  url: templated(),
  msg: templated(),
  image_url: templated(),
  is_webview: z.boolean().default(false),
  webview_height_ratio: templated(),
  msg_in_chat_window: z.boolean().default(false),
  msg_processing_type: templated(),
});

/** An element of `rocketchat_configs`. */
export const RocketchatConfig = z
  .strictObject({
    ...httpShape(false),
    ...chartShape(false),
    api_url: z.url().optional(),
    token: secret().optional(),
    token_file: z.string().optional(),
    token_id: secret().optional(),
    token_id_file: z.string().optional(),
    channel: templated(),
    color: templated('{{ if eq .Status "firing" }}red{{ else }}green{{ end }}'),
    title: templated('{{ template "rocketchat.default.title" . }}'),
    title_link: templated('{{ template "rocketchat.default.titlelink" . }}'),
    text: templated('{{ template "rocketchat.default.text" . }}'),
    fields: z.array(Field).default([]),
    short_fields: z.boolean().default(false),
    emoji: templated('{{ template "rocketchat.default.emoji" . }}'),
    icon_url: templated('{{ template "rocketchat.default.iconurl" . }}'),
    image_url: templated(),
    thumb_url: templated(),
    /** Accepted, and unused by Rocket.Chat's API. */
    link_names: z.boolean().default(false),
    actions: z.array(Action).default([]),
  })
  .superRefine(atMostOne("token", "token_file"))
  .superRefine(atMostOne("token_id", "token_id_file"));
export type RocketchatConfig = z.output<typeof RocketchatConfig>;
