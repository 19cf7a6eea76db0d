import type { Channel } from "../channel.ts";
import { attempt } from "../failure.ts";
import { requireSuccess } from "../http/answer.ts";
import { exchange } from "../http/exchange.ts";
import { isGiven } from "../key_checks.ts";
import { withHttp } from "../schema_parts.ts";
import { secretValue } from "../secret_value.ts";
import { signatureOf, webhookBody } from "./message.ts";
import { WebhookConfig } from "./schema.ts";

/** Posts notifications as JSON to any URL. */
export const webhook: Channel<WebhookConfig> = {
  name: "webhook",
  title: "Webhook",
  schema: WebhookConfig,
  complete: (config, global) => ({ config: withHttp(config, global), mistakes: [] }),
  sendsResolved: (config) => config.send_resolved,
  send: (config, notification, parts, signal) =>
    attempt(async (secrets) => {
      const texts = parts.textsOf(notification);
      const url = texts.text(await secretValue(config.url, config.url_file, secrets));
      const body = webhookBody(config, notification, texts);
      const { hmac_secret: key, hmac_secret_file: keyFile } = config;
      const headers: Record<string, string> = { "Content-Type": "application/json" };
      if (isGiven(key) || isGiven(keyFile))
        headers[config.hmac_header] = signatureOf(
          body,
          await secretValue(key, keyFile, secrets),
          config.hmac_algorithm,
          parts.now(),
        );
      const answer = await exchange(
        { url, headers, body },
        { http: config.http_config, parts, signal, secrets, timeoutMs: config.timeout },
      );
      requireSuccess(answer, parts.now());
      return { answer: `${answer.status} ${answer.text}`.trim() };
    }),
};
