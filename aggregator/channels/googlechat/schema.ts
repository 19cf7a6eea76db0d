import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { exactlyOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `googlechat_configs`: a webhook of a space of Google Chat. */
export const GoogleChatConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(true),
    webhook_url: secret().optional(),
    webhook_url_file: z.string().optional(),
    text: templated(
      '*{{ template "lapwing.default.title" . }}*\n{{ template "lapwing.default.text" . }}',
    ),
    /** One thread for each group. */
    threads: z.boolean().default(true),
  })
  .superRefine(exactlyOne("webhook_url", "webhook_url_file"));
export type GoogleChatConfig = z.output<typeof GoogleChatConfig>;
