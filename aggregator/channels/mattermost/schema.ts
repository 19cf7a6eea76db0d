import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { atMostOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

const Field = z.strictObject({
  title: templated().refine((text) => text !== "", "missing title of a field"),
  value: templated().refine((text) => text !== "", "missing value of a field"),
  short: z.boolean().optional(),
});

const attachmentShape = () => ({
  fallback: templated(),
  color: templated(),
  pretext: templated(),
  text: templated(),
  author_name: templated(),
  author_link: templated(),
  author_icon: templated(),
  title: templated(),
  title_link: templated(),
  fields: z.array(Field).default([]),
  thumb_url: templated(),
  footer: templated(),
  footer_icon: templated(),
  image_url: templated(),
});
const Attachment = z.strictObject(attachmentShape());
export type Attachment = z.output<typeof Attachment>;

/** An element of `mattermost_configs`. */
export const MattermostConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(false),
    ...attachmentShape(),
    webhook_url: secret().optional(),
    webhook_url_file: z.string().optional(),
    channel: templated(),
    username: templated('{{ template "mattermost.default.username" . }}'),
    text: templated('{{ template "mattermost.default.text" . }}'),
    fallback: templated('{{ template "mattermost.default.fallback" . }}'),
    color: templated('{{ template "mattermost.default.color" . }}'),
    title: templated('{{ template "mattermost.default.title" . }}'),
    title_link: templated('{{ template "mattermost.default.titlelink" . }}'),
    icon_url: templated(),
    icon_emoji: templated(),
    /** Replaces the one attachment; text becomes the message's own. */
    attachments: z.array(Attachment).default([]),
    type: templated(),
    props: z.strictObject({ card: templated() }).optional(),
    priority: z
      .strictObject({
        /** urgent, important or standard. */
        priority: templated(),
        requested_ack: z.boolean().default(false),
        persistent_notifications: z.boolean().default(false),
      })
      .optional(),
  })
  .superRefine(atMostOne("webhook_url", "webhook_url_file"));
export type MattermostConfig = z.output<typeof MattermostConfig>;
