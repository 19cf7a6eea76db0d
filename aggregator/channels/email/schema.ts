import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { atMostOne } from "../key_checks.ts";
import { chartShape, commonShape, templated } from "../schema_parts.ts";
import { Tls } from "../http/http_config.ts";

export const smarthost = z
  .string()
  .regex(/^.*:\d{1,5}$/, 'expected host:port such as "smtp.example:587"')
  .refine((address) => Number(/\d+$/.exec(address)?.[0]) <= 65_535, "expected a port up to 65535");

const Threading = z.strictObject({
  enabled: z.boolean().default(false),
  /** A thread for each group, or for each group and day. */
  thread_by_date: z.enum(["daily", "none"]).optional(),
});

/** An element of `email_configs`. */
export const EmailConfig = z
  .strictObject({
    ...commonShape(false),
    ...chartShape(false),
    /** Addresses, separated by commas. */
    to: templated().refine((to) => to !== "", "missing to"),
    from: templated(),
    smarthost: smarthost.optional(),
    /** The name to greet with. */
    hello: z.string().optional(),
    auth_username: z.string().optional(),
    auth_password: secret().optional(),
    auth_password_file: z.string().optional(),
    /** For CRAM-MD5. */
    auth_secret: secret().optional(),
    auth_secret_file: z.string().optional(),
    auth_identity: z.string().optional(),
    /** Refuses a server without STARTTLS. Without it, STARTTLS is not used. */
    require_tls: z.boolean().optional(),
    /** TLS from the start; by the port (465) where it is left out. */
    force_implicit_tls: z.boolean().optional(),
    tls_config: Tls.optional(),
    headers: z.record(z.string(), templated()).default({}),
    html: templated('{{ template "email.default.html" . }}'),
    text: templated(),
    threading: Threading.prefault({}),
  })
  .superRefine(atMostOne("auth_password", "auth_password_file"))
  .superRefine(atMostOne("auth_secret", "auth_secret_file"))
  .superRefine(({ headers, threading }, context) => {
    const names = Object.keys(headers).map((name) => name.toLowerCase());
    const complain = (path: string[], message: string) =>
      context.addIssue({ code: "custom", path, message, input: headers });
    for (const name of names)
      if (names.indexOf(name) !== names.lastIndexOf(name))
        return complain(["headers"], `the header ${name} is there twice`);
    if (!threading.enabled) return;
    if (names.includes("references") || names.includes("in-reply-to"))
      complain(["headers"], "threading writes the headers References and In-Reply-To");
    if (threading.thread_by_date === undefined)
      complain(["threading", "thread_by_date"], "expected daily or none");
  });
export type EmailConfig = z.output<typeof EmailConfig>;
