import { z } from "zod";
import { httpServiceShape, serviceUrl } from "../connections/http_service_config.ts";

export const usualPort = 9_200;

export const ElasticsearchConfig = z.lazy(() =>
  z.strictObject({
    url: serviceUrl.prefault(`http://127.0.0.1:${usualPort}`),
    ...httpServiceShape(),
    /** all: one agent asks for every node of the cluster. */
    nodes: z.enum(["local", "all"]).default("local"),
    /** Whether indices have series of their own, some forty each. They are the same from every node: one agent is enough. */
    indices: z.boolean().default(false),
  }),
);
export type ElasticsearchConfig = z.output<typeof ElasticsearchConfig>;
