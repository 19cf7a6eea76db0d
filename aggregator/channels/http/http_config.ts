import { z } from "zod";
import {
  HttpHeader,
  authorizationFault,
  httpClientShape,
  oauth2Shape,
  tlsFaults,
  tlsShape,
} from "#shared/http/client_config.ts";

export const Tls = z.lazy(() =>
  z
    .strictObject({
      ...tlsShape(),
      /** TLS below 1.2 is never used, so the lower two ask for nothing. */
      min_version: z.enum(["TLS10", "TLS11", "TLS12"]).optional(),
    })
    .superRefine((tls, context) => {
      for (const { key, message } of tlsFaults(tls))
        context.addIssue({ code: "custom", path: [key], message, input: tls });
    }),
);

const OAuth2 = z.lazy(() =>
  z
    .strictObject({ ...oauth2Shape(), tls_config: Tls.prefault({}) })
    .refine(
      (oauth) => (oauth.client_secret === undefined) !== (oauth.client_secret_file === undefined),
      {
        path: ["client_secret"],
        error: "expected exactly one of client_secret and client_secret_file",
      },
    ),
);
export type OAuth2 = z.output<typeof OAuth2>;

/** Keys of http_config. */
export const httpConfigShape = () => ({
  ...httpClientShape(),
  tls_config: Tls.prefault({}),
  oauth2: OAuth2.optional(),
  /** Hosts that are reached without the proxy: names, `.domains`, addresses, `*`; separated by commas. */
  no_proxy: z.string().default(""),
  /** The environment's proxies apply where proxy_url is missing, whatever this says. */
  proxy_from_environment: z.boolean().default(false),
  proxy_connect_header: z.record(z.string(), z.array(z.string())).default({}),
  /** Accepted for the sake of existing files; requests use HTTP/1.1. */
  enable_http2: z.boolean().default(true),
  http_headers: z.record(z.string(), HttpHeader).default({}),
});

/** Refuses several ways to authorize at once. */
export function checkAuthorization(
  config: z.output<ReturnType<typeof plainHttpConfig>>,
  context: z.RefinementCtx,
): void {
  const fault = authorizationFault(config);
  if (fault !== undefined) context.addIssue({ code: "custom", message: fault, input: config });
  if (config.oauth2 !== undefined && (config.authorization ?? config.basic_auth) !== undefined)
    context.addIssue({
      code: "custom",
      path: ["oauth2"],
      message: "at most one of basic_auth, authorization and oauth2 may be given",
      input: config,
    });
}

const plainHttpConfig = () => z.strictObject(httpConfigShape());

/** `http_config` of a receiver: how requests are authorized, encrypted and routed. As Prometheus's scrape configuration has it. */
export const HttpConfig = z.lazy(() => plainHttpConfig().superRefine(checkAuthorization));
export type HttpConfig = z.output<typeof HttpConfig>;

export const defaultHttpConfig: HttpConfig = HttpConfig.parse({});
