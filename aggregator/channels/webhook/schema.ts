import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { duration } from "#shared/text/duration.ts";
import { atMostOne, exactlyOne } from "../key_checks.ts";
import { httpShape } from "../schema_parts.ts";

/** An element of `webhook_configs`: a POST of the notification as JSON. */
export const WebhookConfig = z
  .strictObject({
    ...httpShape(true),
    /** May contain templates. */
    url: secret().optional(),
    url_file: z.string().optional(),
    /** Alerts in one message; the others are counted in truncatedAlerts. 0 is no limit. */
    max_alerts: z.int().min(0).default(0),
    /** 0 is no limit besides the group's interval. */
    timeout: duration.prefault("0s"),
    /** Sent instead of Alertmanager's message: any structure whose texts are templates. */
    payload: z.unknown().optional(),
    /** Signs the body, so that the receiver can check who sent it and when. */
    hmac_secret: secret().optional(),
    hmac_secret_file: z.string().optional(),
    /** Contains `t=<Unix seconds>,v1=<hexadecimal HMAC of "<t>.<body>">`. */
    hmac_header: z
      .string()
      .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "expected the name of a header")
      .default("X-Lapwing-Signature"),
    hmac_algorithm: z.enum(["sha256", "sha512"]).default("sha256"),
  })
  .superRefine(exactlyOne("url", "url_file"))
  .superRefine(atMostOne("hmac_secret", "hmac_secret_file"));
export type WebhookConfig = z.output<typeof WebhookConfig>;
