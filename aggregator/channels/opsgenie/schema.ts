import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { atMostOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

const types = ["team", "teams", "user", "escalation", "schedule"];

const Responder = z
  .strictObject({ id: templated(), name: templated(), username: templated(), type: templated() })
  .refine(({ id, name, username }) => id !== "" || name !== "" || username !== "", {
    error: "expected an id, name or username",
  })
  .refine(({ type }) => type.includes("{{") || types.includes(type.toLowerCase()), {
    path: ["type"],
    error: `expected one of ${types.join(", ")}`,
  });

/** An element of `opsgenie_configs`. */
export const OpsgenieConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(false),
    api_key: secret().optional(),
    api_key_file: z.string().optional(),
    api_url: z.url().optional(),
    message: templated('{{ template "opsgenie.default.message" . }}'),
    description: templated('{{ template "opsgenie.default.description" . }}'),
    source: templated('{{ template "opsgenie.default.source" . }}'),
    details: z.record(z.string(), templated()).default({}),
    entity: templated(),
    responders: z.array(Responder).default([]),
    /** Separated by commas, as the tags. */
    actions: templated(),
    tags: templated(),
    note: templated(),
    priority: templated(),
    /** Changes message and description of an alert that is there. */
    update_alerts: z.boolean().default(false),
  })
  .superRefine(atMostOne("api_key", "api_key_file"));
export type OpsgenieConfig = z.output<typeof OpsgenieConfig>;
