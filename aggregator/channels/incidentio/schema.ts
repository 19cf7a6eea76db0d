import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { duration } from "#shared/text/duration.ts";
import { atMostOne, exactlyOne, isGiven } from "../key_checks.ts";
import { httpShape } from "../schema_parts.ts";

/** An element of `incidentio_configs`. */
export const IncidentIoConfig = z
  .strictObject({
    ...httpShape(true),
    url: z.url().optional(),
    url_file: z.string().optional(),
    alert_source_token: secret().optional(),
    alert_source_token_file: z.string().optional(),
    /** Alerts in one message; 0 is no limit. */
    max_alerts: z.int().min(0).default(0),
    timeout: duration.prefault("0s"),
  })
  .superRefine(exactlyOne("url", "url_file"))
  .superRefine(atMostOne("alert_source_token", "alert_source_token_file"))
  .refine(
    (config) =>
      (isGiven(config.alert_source_token) || isGiven(config.alert_source_token_file)) !==
      (config.http_config?.authorization !== undefined),
    { error: "expected exactly one of alert_source_token and http_config.authorization" },
  );
export type IncidentIoConfig = z.output<typeof IncidentIoConfig>;
