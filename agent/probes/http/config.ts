import { z } from "zod";
import {
  HttpHeader,
  authorizationFault,
  httpClientShape,
  oauth2Shape,
} from "#shared/http/client_config.ts";
import { scalarText } from "#shared/relabel/scalar_text.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { ProbeTls, SearchRegex, ipShape } from "../net/options.ts";
import { acceptsEncoding } from "./accept_encoding.ts";

const HeaderMatch = z.strictObject({
  header: z.string().min(1),
  regexp: SearchRegex,
  /** Whether an answer without the header is well. */
  allow_missing: z.boolean().default(false),
});

const OAuth2 = z
  .strictObject({
    ...oauth2Shape(),
    tls_config: ProbeTls.prefault({}),
  })
  .refine((oauth) => oauth.client_secret === undefined || oauth.client_secret_file === undefined, {
    path: ["client_secret_file"],
    error: "give either client_secret or client_secret_file",
  });
export type OAuth2 = z.output<typeof OAuth2>;

const CelExpression = z.string().superRefine((expression, context) => {
  // Loaded by those who use it: it takes ten megabytes.
  const { celFault }: typeof import("./cel.ts") = require("./cel.ts");
  const message = celFault(expression);
  if (message !== undefined) context.addIssue({ code: "custom", message, input: expression });
});

const versions = ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0"] as const;
const { basic_auth, authorization, bearer_token, bearer_token_file, follow_redirects } =
  httpClientShape();

/** Keys of whatever speaks HTTP: probes of HTTP and WebSockets, and steps of an API test. */
export const httpRequestShape = {
  ...ipShape,
  basic_auth,
  authorization,
  bearer_token,
  bearer_token_file,
  tls_config: ProbeTls.prefault({}),
  /** Values, values that are not shown, and files that hold one; the last counts. */
  http_headers: z.record(z.string(), HttpHeader).default({}),
} as const;

export const HttpProbe = z
  .strictObject({
    ...httpRequestShape,
    /** Empty is 2xx. */
    valid_status_codes: z.array(z.int().min(100).max(599)).default([]),
    valid_http_versions: z.array(z.enum(versions)).default([]),
    method: z
      .string()
      .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "expected a method of HTTP")
      .default("GET"),
    headers: z.record(z.string(), scalarText).default({}),
    /** Of the body, unpacked; 0 is none. */
    body_size_limit: byteSize.default(0),
    compression: z.enum(["gzip", "br", "deflate", "identity", ""]).default(""),
    follow_redirects,
    /** The old, negated name of follow_redirects. */
    no_follow_redirects: z.boolean().optional(),
    fail_if_ssl: z.boolean().default(false),
    fail_if_not_ssl: z.boolean().default(false),
    fail_if_body_matches_regexp: z.array(SearchRegex).default([]),
    fail_if_body_not_matches_regexp: z.array(SearchRegex).default([]),
    fail_if_body_json_matches_cel: CelExpression.optional(),
    fail_if_body_json_not_matches_cel: CelExpression.optional(),
    fail_if_header_matches: z.array(HeaderMatch).default([]),
    fail_if_header_not_matches: z.array(HeaderMatch).default([]),
    oauth2: OAuth2.optional(),
    proxy_url: z
      .url({
        protocol: /^http$/,
        error: "expected http://host:port; no other kind of proxy is supported",
      })
      .optional(),
    /** Hosts, domains, addresses and ranges that are reached without the proxy, by comma. */
    no_proxy: z.string().default(""),
    proxy_from_environment: z.boolean().default(false),
    proxy_connect_header: z.record(z.string(), z.array(scalarText)).default({}),
    skip_resolve_phase_with_proxy: z.boolean().default(false),
    enable_http2: z.boolean().default(true),
    enable_http3: z
      .boolean()
      .default(false)
      .refine((isOn) => !isOn, "HTTP/3 is not supported"),
    body: z.string().default(""),
    body_file: z.string().optional(),
  })
  .superRefine((http, context) => {
    const fault = (key: string, message: string) =>
      context.addIssue({ code: "custom", path: [key], message, input: http });
    const wrong = authorizationFault({ ...http, proxy_url: undefined });
    if (wrong !== undefined) fault("authorization", wrong);
    if (http.oauth2 !== undefined && (http.basic_auth ?? http.authorization) !== undefined)
      fault("oauth2", "at most one of basic_auth, authorization and oauth2 may be given");
    if (http.body !== "" && http.body_file !== undefined)
      fault("body_file", "give either body or body_file");
    if (http.proxy_from_environment && http.proxy_url !== undefined)
      fault("proxy_from_environment", "give either proxy_url or proxy_from_environment");
    if (http.no_proxy !== "" && http.proxy_url === undefined) fault("no_proxy", "needs proxy_url");
    for (const [name, value] of Object.entries(http.headers))
      if (name.toLowerCase() === "accept-encoding" && !acceptsEncoding(value, http.compression))
        fault("compression", `"${http.compression}" is not what "${name}: ${value}" asks for`);
  });
export type HttpProbe = z.output<typeof HttpProbe>;
export type HttpRequestOptions = Pick<HttpProbe, keyof typeof httpRequestShape>;
