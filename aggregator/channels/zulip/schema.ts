import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { exactlyOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `zulip_configs`: a stream of Zulip, by a bot. */
export const ZulipConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(true),
    /** Such as https://example.zulipchat.com. */
    url: z.url(),
    bot_email: z.string().min(1),
    api_key: secret().optional(),
    api_key_file: z.string().optional(),
    stream: templated().refine((stream) => stream !== "", "missing stream"),
    topic: templated('{{ .GroupLabels.Values | join " " }}'),
    message: templated(
      '**{{ template "lapwing.default.title" . }}**\n{{ template "lapwing.default.markdown" . }}',
    ),
  })
  .superRefine(exactlyOne("api_key", "api_key_file"));
export type ZulipConfig = z.output<typeof ZulipConfig>;
