import { z } from "zod";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `webex_configs`. The token of the bot is in http_config.authorization. */
export const WebexConfig = z.strictObject({
  ...httpShape(true),
  ...chartShape(false),
  api_url: z.url().optional(),
  room_id: templated().refine((id) => id !== "", "missing room_id"),
  message: templated('{{ template "webex.default.message" . }}'),
});
export type WebexConfig = z.output<typeof WebexConfig>;
