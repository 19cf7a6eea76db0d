/** Gauges of a probe over HTTP; names and help as the blackbox exporter has them (prober/http.go). */
import { gauge } from "../../collect/samples/family.ts";

export const httpDuration = gauge(
  "probe_http_duration_seconds",
  "Duration of http request by phase, summed over all redirects",
  ["phase"],
);
export const httpContentLength = gauge(
  "probe_http_content_length",
  "Length of http content response",
);
export const httpBodyLength = gauge(
  "probe_http_uncompressed_body_length",
  "Length of uncompressed response body",
);
export const httpRedirects = gauge("probe_http_redirects", "The number of redirects");
export const httpSsl = gauge("probe_http_ssl", "Indicates if SSL was used for the final redirect");
export const httpStatusCode = gauge("probe_http_status_code", "Response HTTP status code");
export const httpVersion = gauge(
  "probe_http_version",
  "Returns the version of HTTP of the probe response",
);
export const httpLastModified = gauge(
  "probe_http_last_modified_timestamp_seconds",
  "Returns the Last-Modified HTTP response header in unixtime",
);
export const failedDueToCel = gauge(
  "probe_failed_due_to_cel",
  "Indicates if probe failed due to CEL expression not matching",
);
