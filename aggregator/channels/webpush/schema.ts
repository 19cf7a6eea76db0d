import { z } from "zod";
import { duration } from "#shared/text/duration.ts";
import { httpShape, templated } from "../schema_parts.ts";

/** An element of `webpush_configs`: the browsers that are subscribed to the receiver. */
export const WebpushConfig = z.strictObject({
  ...httpShape(true),
  title: templated('{{ template "lapwing.default.title" . }}'),
  message: templated(
    '{{ with .CommonAnnotations.summary }}{{ . }}{{ else }}{{ template "lapwing.default.text" . }}{{ end }}',
  ),
  /** The page that a click opens. */
  url: templated('{{ template "lapwing.default.url" . }}'),
  /** How soon a device should wake for it (RFC 8030, section 5.3). */
  urgency: templated('{{ if eq .Status "firing" }}high{{ else }}normal{{ end }}'),
  /** How long a push service keeps a message for a device that is off. */
  ttl: duration.prefault("1d"),
  /** Where push services reach the operator of this server; `external_url` by default. */
  contact: z
    .string()
    .regex(/^(?:mailto:|https:\/\/)./, "expected mailto:ADDRESS or an https URL")
    .optional(),
});
export type WebpushConfig = z.output<typeof WebpushConfig>;
