import { z } from "zod";
import { logsShape } from "../log_sources/access_log.ts";
import { pageShape } from "../connections/http_page.ts";
import { serviceUrl } from "../connections/http_service_config.ts";

export const NginxConfig = z.lazy(() =>
  z.strictObject({
    /** Where `stub_status` answers. */
    url: serviceUrl.prefault("http://127.0.0.1/nginx_status"),
    ...pageShape(),
    /** Text of the access log's log_format, as nginx.conf has it, where it does not begin like `combined`; found by detection. */
    access_log_format: z
      .string()
      .max(8_000)
      .regex(/\$\{?status\b/, "expected the text of a log_format with $status")
      .optional(),
    ...logsShape({ access: ["/var/log/nginx/*access.log"], error: ["/var/log/nginx/*error.log"] }),
  }),
);
export type NginxConfig = z.output<typeof NginxConfig>;
