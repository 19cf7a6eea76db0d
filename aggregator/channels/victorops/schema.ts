import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { atMostOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

const reserved = [
  "routing_key",
  "message_type",
  "state_message",
  "entity_display_name",
  "monitoring_tool",
  "entity_id",
  "entity_state",
];

/** An element of `victorops_configs`: Splunk On-Call. */
export const VictorOpsConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(false),
    api_key: secret().optional(),
    api_key_file: z.string().optional(),
    api_url: z.url().optional(),
    routing_key: templated().refine((key) => key !== "", "missing routing_key"),
    /** Of firing alerts: CRITICAL, WARNING or INFO. */
    message_type: templated("CRITICAL"),
    state_message: templated('{{ template "victorops.default.state_message" . }}'),
    entity_display_name: templated('{{ template "victorops.default.entity_display_name" . }}'),
    monitoring_tool: templated('{{ template "victorops.default.monitoring_tool" . }}'),
    custom_fields: z
      .record(z.string(), templated())
      .default({})
      .refine((fields) => reserved.every((name) => !Object.hasOwn(fields, name)), {
        error: `the names ${reserved.join(", ")} are VictorOps's own`,
      }),
  })
  .superRefine(atMostOne("api_key", "api_key_file"));
export type VictorOpsConfig = z.output<typeof VictorOpsConfig>;
