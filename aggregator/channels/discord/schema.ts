import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { exactlyOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `discord_configs`. */
export const DiscordConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(false),
    webhook_url: secret().optional(),
    webhook_url_file: z.string().optional(),
    title: templated('{{ template "discord.default.title" . }}'),
    message: templated('{{ template "discord.default.message" . }}'),
    /** Text above the embed; Alertmanager sends none, either. */
    content: templated(),
    username: templated(),
    avatar_url: templated(),
  })
  .superRefine(exactlyOne("webhook_url", "webhook_url_file"));
export type DiscordConfig = z.output<typeof DiscordConfig>;
