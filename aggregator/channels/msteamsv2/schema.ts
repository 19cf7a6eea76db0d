import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { exactlyOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `msteamsv2_configs`: the trigger "When a Teams webhook request is received" of a workflow. */
export const MsTeamsV2Config = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(false),
    webhook_url: secret().optional(),
    webhook_url_file: z.string().optional(),
    title: templated('{{ template "msteamsv2.default.title" . }}'),
    text: templated('{{ template "msteamsv2.default.text" . }}'),
  })
  .superRefine(exactlyOne("webhook_url", "webhook_url_file"));
export type MsTeamsV2Config = z.output<typeof MsTeamsV2Config>;
