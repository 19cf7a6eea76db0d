import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { atMostOne, exactlyOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `telegram_configs`. */
export const TelegramConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(false),
    api_url: z.url().optional(),
    bot_token: secret().optional(),
    bot_token_file: z.string().optional(),
    chat_id: z
      .int()
      .refine((id) => id !== 0, "expected the number of a chat")
      .optional(),
    chat_id_file: z.string().optional(),
    /** A topic of the chat; 0 is none. */
    message_thread_id: z.int().default(0),
    message: templated('{{ template "telegram.default.message" . }}'),
    /** Sends without a sound. */
    disable_notifications: z.boolean().default(false),
    parse_mode: z.enum(["HTML", "Markdown", "MarkdownV2", ""]).default("HTML"),
  })
  .superRefine(atMostOne("bot_token", "bot_token_file"))
  .superRefine(exactlyOne("chat_id", "chat_id_file"));
export type TelegramConfig = z.output<typeof TelegramConfig>;
