import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { goDuration } from "../go_duration.ts";
import { exactlyOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `pushover_configs`. */
export const PushoverConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(false),
    user_key: secret().optional(),
    user_key_file: z.string().optional(),
    token: secret().optional(),
    token_file: z.string().optional(),
    title: templated('{{ template "pushover.default.title" . }}'),
    message: templated('{{ template "pushover.default.message" . }}'),
    url: templated('{{ template "pushover.default.url" . }}'),
    url_title: templated(),
    device: templated(),
    sound: templated(),
    /** 2 is an emergency, which is repeated until one acknowledges it. */
    priority: templated('{{ if eq .Status "firing" }}2{{ else }}0{{ end }}'),
    /** Of an emergency: how often it is repeated, and for how long. Pushover wants at least 30 s and at most 3 h. */
    retry: goDuration.prefault("1m"),
    expire: goDuration.prefault("1h"),
    /** Pushover deletes the message after it; 0 is never. */
    ttl: goDuration.prefault("0s"),
    html: z.boolean().default(false),
    monospace: z.boolean().default(false),
    /** Lapwing's own, for servers that speak Pushover's API. */
    api_url: z.url().default("https://api.pushover.net/1/messages.json"),
  })
  .superRefine(exactlyOne("user_key", "user_key_file"))
  .superRefine(exactlyOne("token", "token_file"))
  .refine((config) => !config.html || !config.monospace, {
    path: ["monospace"],
    error: "expected at most one of html and monospace",
  });
export type PushoverConfig = z.output<typeof PushoverConfig>;
