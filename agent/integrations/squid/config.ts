import { z } from "zod";
import { logsShape } from "../log_sources/access_log.ts";
import { httpServiceShape, serviceUrl } from "../connections/http_service_config.ts";

export const usualPort = 3_128;

export const SquidConfig = z.lazy(() =>
  z.strictObject({
    /** Where Squid takes requests; its cache manager is asked there. */
    url: serviceUrl.prefault(`http://127.0.0.1:${usualPort}`),
    /** username and password: as cachemgr_passwd asks for. */
    ...httpServiceShape(),
    ...logsShape({ access: ["/var/log/squid/access.log"], error: ["/var/log/squid/cache.log"] }),
  }),
);
export type SquidConfig = z.output<typeof SquidConfig>;
