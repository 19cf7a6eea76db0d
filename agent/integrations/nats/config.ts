import { z } from "zod";
import { httpServiceShape, serviceUrl } from "../connections/http_service_config.ts";

/** Of the monitoring endpoint, which is off unless the server's configuration names it. */
export const usualPort = 8_222;

export const NatsConfig = z.lazy(() =>
  z.strictObject({
    /** The monitoring endpoint, not where clients connect. */
    url: serviceUrl.prefault(`http://127.0.0.1:${usualPort}`),
    ...httpServiceShape(),
    /** How far JetStream is looked into: each level holds those before it. */
    jetstream: z.enum(["off", "server", "streams", "consumers"]).default("consumers"),
    /** Connections that the sums of gnatsd_connz_* look at: the server's own default. 0 asks for none. */
    connections_max: z.int().min(0).max(16_384).default(1_024),
  }),
);
export type NatsConfig = z.output<typeof NatsConfig>;
