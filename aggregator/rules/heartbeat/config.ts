import { z } from "zod";
import {
  type HttpConfig,
  checkAuthorization,
  httpConfigShape,
} from "#aggregator/channels/http/http_config.ts";
import { duration } from "#shared/text/duration.ts";

const positive = (text: string) =>
  duration.prefault(text).refine((ms) => ms > 0, { error: "expected a duration above 0" });

/** `rules.heartbeat` of lapwing.yaml: the dead man's switch. */
export const HeartbeatConfig = z.lazy(() =>
  z
    .strictObject({
      ...httpConfigShape(),
      /** Anyone who knows it can ping, so it is not shown. */
      url: z.url({ protocol: /^https?$/, error: "expected a URL of http or https" }).optional(),
      /** Contains the URL; read before each ping. */
      url_file: z.string().optional(),
      method: z.enum(["GET", "POST", "PUT"]).default("GET"),
      interval: positive("1m"),
      timeout: positive("10s"),
    })
    .superRefine(checkAuthorization)
    .refine(({ url, url_file: file }) => (url === undefined) !== (file === undefined), {
      path: ["url"],
      error: "expected exactly one of url and url_file",
    })
    .transform(({ url, url_file, method, interval, timeout, ...client }) => {
      const http: HttpConfig = client;
      return { url, url_file, method, interval, timeout, http };
    }),
);
export type HeartbeatConfig = z.output<typeof HeartbeatConfig>;
