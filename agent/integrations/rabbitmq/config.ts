import { z } from "zod";
import { httpServiceShape, serviceUrl } from "../connections/http_service_config.ts";

/** Of the plugin rabbitmq_prometheus. */
export const metricsPort = 15_692;
/** Of the plugin rabbitmq_management. */
export const managementPort = 15_672;

export const RabbitmqConfig = z.lazy(() =>
  z
    .strictObject({
      /** The Prometheus plugin's endpoint, where it is on; a path is the plugin's own choice of metrics. */
      metrics_url: serviceUrl.optional(),
      /** The management API, where the plugin is not. */
      url: serviceUrl.optional(),
      ...httpServiceShape(),
      /** Whether queues have series of their own; else all are summed up. */
      per_object: z.boolean().default(false),
      /** Of the management API with per_object: the queues of most messages, and no more. */
      queues_max: z.int().min(1).max(500).default(500),
    })
    .refine(({ metrics_url: metrics, url }) => metrics === undefined || url === undefined, {
      path: ["url"],
      error: "give either metrics_url or url",
    }),
);
export type RabbitmqConfig = z.output<typeof RabbitmqConfig>;

/** Where it is asked: the plugin, unless the management API is named. */
export function askedUrl({ metrics_url: metrics, url }: RabbitmqConfig): string {
  return metrics ?? url ?? `http://127.0.0.1:${metricsPort}`;
}
