import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { atMostOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `ntfy_configs`: a topic of ntfy.sh, or of a server of your own. */
export const NtfyConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(true),
    url: z.url().default("https://ntfy.sh"),
    topic: templated().refine((topic) => topic !== "", "missing topic"),
    token: secret().optional(),
    token_file: z.string().optional(),
    title: templated('{{ template "lapwing.default.title" . }}'),
    message: templated('{{ template "lapwing.default.text" . }}'),
    /** 1 (least) to 5. */
    priority: templated('{{ if eq .Status "firing" }}4{{ else }}3{{ end }}'),
    /** Separated by commas. */
    tags: templated(
      '{{ if eq .Status "firing" }}rotating_light{{ else }}white_check_mark{{ end }}',
    ),
    click: templated('{{ template "lapwing.default.url" . }}'),
    icon: templated(),
    markdown: z.boolean().default(false),
  })
  .superRefine(atMostOne("token", "token_file"));
export type NtfyConfig = z.output<typeof NtfyConfig>;
