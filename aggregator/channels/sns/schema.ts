import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { exactlyOne } from "../key_checks.ts";
import { httpShape, templated } from "../schema_parts.ts";

const SigV4 = z.strictObject({
  region: z.string().default(""),
  access_key: z.string().default(""),
  secret_key: secret().default(""),
  /** Of ~/.aws/credentials. */
  profile: z.string().default(""),
  role_arn: z.string().default(""),
  external_id: z.string().default(""),
});

/** An element of `sns_configs`. */
export const SnsConfig = z
  .strictObject({
    ...httpShape(true),
    /** That of the region without it. */
    api_url: templated(),
    sigv4: SigV4.prefault({}),
    topic_arn: templated(),
    phone_number: templated(),
    target_arn: templated(),
    subject: templated('{{ template "sns.default.subject" . }}'),
    message: templated('{{ template "sns.default.message" . }}'),
    attributes: z.record(z.string(), templated()).default({}),
    /** Accepted for the sake of existing files. */
    use_aws_http_client: z.boolean().default(false),
  })
  .superRefine(exactlyOne("topic_arn", "phone_number", "target_arn"));
export type SnsConfig = z.output<typeof SnsConfig>;
