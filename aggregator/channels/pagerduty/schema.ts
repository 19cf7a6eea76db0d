import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { duration } from "#shared/text/duration.ts";
import { exactlyOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** What every event contains besides the details of the configuration. */
export const defaultDetails: Readonly<Record<string, unknown>> = {
  firing: "{{ .Alerts.Firing | toJson }}",
  resolved: "{{ .Alerts.Resolved | toJson }}",
  num_firing: "{{ .Alerts.Firing | len }}",
  num_resolved: "{{ .Alerts.Resolved | len }}",
};

const Image = z.strictObject({ src: templated(), alt: templated(), href: templated() });
const Link = z.strictObject({ href: templated(), text: templated() });

/** An element of `pagerduty_configs`: Events API v2 by routing_key, v1 by service_key. */
export const PagerDutyConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(false),
    routing_key: secret().optional(),
    routing_key_file: z.string().optional(),
    service_key: secret().optional(),
    service_key_file: z.string().optional(),
    url: z.url().optional(),
    client: templated('{{ template "pagerduty.default.client" . }}'),
    client_url: templated('{{ template "pagerduty.default.clientURL" . }}'),
    description: templated('{{ template "pagerduty.default.description" .}}'),
    details: z.record(z.string(), z.unknown()).default({}),
    images: z.array(Image).default([]),
    links: z.array(Link).default([]),
    /** The client, where it is left out. */
    source: templated(),
    severity: templated("error"),
    class: templated(),
    component: templated(),
    group: templated(),
    timeout: duration.prefault("0s"),
  })
  .superRefine(exactlyOne("routing_key", "routing_key_file", "service_key", "service_key_file"));
export type PagerDutyConfig = z.output<typeof PagerDutyConfig>;
