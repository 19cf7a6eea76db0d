import { z } from "zod";
import { logsShape } from "../log_sources/access_log.ts";
import { pageShape } from "../connections/http_page.ts";
import { serviceUrl } from "../connections/http_service_config.ts";

export const ApacheConfig = z.lazy(() =>
  z.strictObject({
    /** Where mod_status answers; "?auto" is put behind it where it has no query. */
    url: serviceUrl.prefault("http://127.0.0.1/server-status?auto"),
    ...pageShape(),
    ...logsShape({
      access: ["/var/log/apache2/*access.log", "/var/log/httpd/*access_log"],
      error: ["/var/log/apache2/*error.log", "/var/log/httpd/*error_log"],
    }),
    /** What the last number of a line of the access log is, where the format ends in %D (microseconds), %{ms}T or %T. */
    request_time: z.enum(["microseconds", "milliseconds", "seconds"]).optional(),
  }),
);
export type ApacheConfig = z.output<typeof ApacheConfig>;
