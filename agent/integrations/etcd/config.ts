import { z } from "zod";
import { httpServiceShape, serviceUrl } from "../connections/http_service_config.ts";

/** Where clients connect; the metrics are there, too, unless they have a port of their own. */
export const usualPort = 2_379;
/** Where kubeadm puts the metrics, without TLS. */
export const metricsPort = 2_381;

export const EtcdConfig = z.lazy(() =>
  z.strictObject({
    /** Of --listen-metrics-urls, else of --listen-client-urls. */
    url: serviceUrl.prefault(`http://127.0.0.1:${usualPort}`),
    ...httpServiceShape(),
  }),
);
export type EtcdConfig = z.output<typeof EtcdConfig>;
