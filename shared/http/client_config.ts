import { z } from "zod";
import { scalarText } from "../relabel/scalar_text.ts";
import { secret } from "./secret.ts";

const BasicAuth = z.lazy(() =>
  z
    .strictObject({
      username: scalarText.default(""),
      username_file: z.string().optional(),
      password: secret().optional(),
      password_file: z.string().optional(),
    })
    .refine((auth) => auth.username === "" || auth.username_file === undefined, {
      path: ["username_file"],
      error: "give either username or username_file",
    })
    .refine((auth) => auth.password === undefined || auth.password_file === undefined, {
      path: ["password_file"],
      error: "give either password or password_file",
    }),
);

const Authorization = z.lazy(() =>
  z
    .strictObject({
      type: z
        .string()
        .refine((type) => type.toLowerCase() !== "basic", "for Basic use basic_auth")
        .default("Bearer"),
      credentials: secret().optional(),
      credentials_file: z.string().optional(),
    })
    .refine((auth) => auth.credentials === undefined || auth.credentials_file === undefined, {
      path: ["credentials_file"],
      error: "give either credentials or credentials_file",
    }),
);

/** Keys of tls_config. */
export const tlsShape = () => ({
  /** PEM text, or the file that holds it; read anew for every request, so that renewed certificates are used. */
  ca: z.string().optional(),
  ca_file: z.string().optional(),
  cert: z.string().optional(),
  cert_file: z.string().optional(),
  key: secret().optional(),
  key_file: z.string().optional(),
  /** The name to ask for and to check the certificate against, instead of the address. */
  server_name: z.string().optional(),
  insecure_skip_verify: z.boolean().default(false),
});
const PlainTls = z.lazy(() => z.strictObject(tlsShape()));
type PlainTls = z.output<typeof PlainTls>;

/** Mistakes that show when keys of tls_config meet each other. */
export function tlsFaults(tls: PlainTls): { readonly key: string; readonly message: string }[] {
  const faults = (["ca", "cert", "key"] as const)
    .filter((part) => tls[part] !== undefined && tls[`${part}_file`] !== undefined)
    .map((part) => ({ key: `${part}_file`, message: `give either ${part} or ${part}_file` }));
  const hasCert = tls.cert !== undefined || tls.cert_file !== undefined;
  const hasKey = tls.key !== undefined || tls.key_file !== undefined;
  if (hasCert !== hasKey)
    faults.push({ key: "cert", message: "a client certificate needs both cert and key" });
  return faults;
}

const TlsConfig = z.lazy(() =>
  PlainTls.superRefine((tls, context) => {
    for (const { key, message } of tlsFaults(tls))
      context.addIssue({ code: "custom", path: [key], message, input: tls });
  }),
);

/** How to reach an HTTP server: the keys that scrape_configs and http_sd_configs share. */
export const httpClientShape = () => ({
  basic_auth: BasicAuth.optional(),
  authorization: Authorization.optional(),
  /** The old way to write authorization. */
  bearer_token: secret().optional(),
  bearer_token_file: z.string().optional(),
  tls_config: TlsConfig.prefault({}),
  /** Without it, the environment's HTTP_PROXY, HTTPS_PROXY and NO_PROXY apply. */
  proxy_url: z.url().optional(),
  follow_redirects: z.boolean().default(true),
});

const HttpClient = z.lazy(() => z.strictObject(httpClientShape()));
export type HttpClientConfig = z.output<typeof HttpClient>;

/** Says what is wrong when several ways to authorize are given; undefined when nothing is. */
export function authorizationFault(config: HttpClientConfig): string | undefined {
  const keys = ["basic_auth", "authorization", "bearer_token", "bearer_token_file"] as const;
  const given = keys.filter((key) => config[key] !== undefined);
  return given.length > 1 ? `at most one of ${given.join(" and ")} may be given` : undefined;
}

/** Values of a header, values that are not shown, and files that contain one. */
export const HttpHeader = z.lazy(() =>
  z.strictObject({
    values: z.array(scalarText).default([]),
    secrets: z.array(secret()).default([]),
    files: z.array(z.string()).default([]),
  }),
);

/** Keys of oauth2: client credentials of OAuth 2.0 (RFC 6749 section 4.4). */
export const oauth2Shape = () => ({
  client_id: scalarText,
  client_secret: secret().optional(),
  client_secret_file: z.string().optional(),
  scopes: z.array(z.string()).default([]),
  token_url: z.url({ protocol: /^https?$/ }),
  endpoint_params: z.record(z.string(), scalarText).default({}),
});
