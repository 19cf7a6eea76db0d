import { z } from "zod";
import { logsShape } from "../access_log.ts";
import { pageShape } from "../http_page.ts";
import { serviceUrl } from "../http_service_config.ts";

export const NginxConfig = z.strictObject({
  /** Where `stub_status` answers. */
  url: serviceUrl.prefault("http://127.0.0.1/nginx_status"),
  ...pageShape,
  ...logsShape({ access: ["/var/log/nginx/*access.log"], error: ["/var/log/nginx/*error.log"] }),
});
export type NginxConfig = z.output<typeof NginxConfig>;
