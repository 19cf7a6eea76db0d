import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { exactlyOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `msteams_configs`: connectors of Office 365, which Microsoft retires. */
export const MsTeamsConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(false),
    webhook_url: secret().optional(),
    webhook_url_file: z.string().optional(),
    title: templated('{{ template "msteams.default.title" . }}'),
    summary: templated('{{ template "msteams.default.summary" . }}'),
    text: templated('{{ template "msteams.default.text" . }}'),
  })
  .superRefine(exactlyOne("webhook_url", "webhook_url_file"));
export type MsTeamsConfig = z.output<typeof MsTeamsConfig>;
