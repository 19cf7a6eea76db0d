import { z } from "zod";
import { type HttpClientConfig, httpClientShape } from "#shared/http/client_config.ts";

/** Keys of an integration whose service answers over HTTP. */
export const httpServiceShape = () => ({
  /** For Basic authentication. */
  username: z.string().min(1).optional(),
  password: z.string().optional(),
  /** Read at each request, so that a password may change. */
  password_file: z.string().min(1).optional(),
  /** Another way to be known, such as a bearer token or an API key: type, credentials or credentials_file. */
  authorization: httpClientShape().authorization,
  tls_config: httpClientShape().tls_config,
});
const HttpServiceConfig = z.lazy(() => z.object(httpServiceShape()));
export type HttpServiceConfig = z.output<typeof HttpServiceConfig>;

/** http://host:port or https://host:port, with a path where the service lies below one. Credentials have keys of their own. */
export const serviceUrl = z.lazy(() =>
  z
    .url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).username === "" && new URL(url).password === "", {
      error: "must hold no credentials: give username and password_file",
    })
    .transform((url) => url.replace(/\/+$/, "")),
);

/** The keys that `scrape_configs` has for the same. */
export function httpClientOf(config: HttpServiceConfig): HttpClientConfig {
  const { username, password, password_file: passwordFile, authorization } = config;
  return {
    tls_config: config.tls_config,
    follow_redirects: true,
    ...(username === undefined
      ? {}
      : {
          basic_auth: {
            username,
            ...(password === undefined ? {} : { password }),
            ...(passwordFile === undefined ? {} : { password_file: passwordFile }),
          },
        }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}
