import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { exactlyOne } from "../key_checks.ts";
import { httpShape, templated } from "../schema_parts.ts";

/** An element of `twilio_configs`: text messages and calls by Twilio. */
export const TwilioConfig = z
  .strictObject({
    ...httpShape(true),
    api_url: z.url().default("https://api.twilio.com"),
    account_sid: z.string().min(1),
    auth_token: secret().optional(),
    auth_token_file: z.string().optional(),
    /** A text message, or a call that reads the message out. */
    kind: z.enum(["sms", "voice"]).default("sms"),
    to: z.array(templated()).min(1).max(50),
    from: templated(),
    /** Instead of from, for text messages. */
    messaging_service_sid: templated(),
    message: templated('{{ template "lapwing.default.short" . }}'),
  })
  .superRefine(exactlyOne("auth_token", "auth_token_file"))
  .superRefine(exactlyOne("from", "messaging_service_sid"));
export type TwilioConfig = z.output<typeof TwilioConfig>;
