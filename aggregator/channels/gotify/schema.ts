import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { exactlyOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `gotify_configs`: an application of a Gotify server. */
export const GotifyConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(true),
    url: z.url(),
    token: secret().optional(),
    token_file: z.string().optional(),
    title: templated('{{ template "lapwing.default.title" . }}'),
    message: templated('{{ template "lapwing.default.markdown" . }}'),
    /** 0 to 10. */
    priority: templated('{{ if eq .Status "firing" }}8{{ else }}4{{ end }}'),
  })
  .superRefine(exactlyOne("token", "token_file"));
export type GotifyConfig = z.output<typeof GotifyConfig>;
