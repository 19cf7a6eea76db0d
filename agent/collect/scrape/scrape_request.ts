import { OperatingError } from "#shared/errors.ts";
import type { BodyReader } from "#shared/text/exposition/body_reader.ts";
import { protobufReader, type WantedHistograms } from "#shared/text/exposition/protobuf_parser.ts";
import type { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import type { SeriesIndex } from "#shared/text/exposition/series_index.ts";
import { textReader } from "#shared/text/exposition/text_parser.ts";
import { type ScrapeProtocol, scrapeProtocols } from "./config.ts";
import type { Job } from "./job.ts";

export type ExpositionFormat = "prometheus" | "openmetrics" | "protobuf";

const mediaTypes: Readonly<Record<ScrapeProtocol, string>> = {
  PrometheusProto:
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
  "OpenMetricsText0.0.1": "application/openmetrics-text;version=0.0.1",
  "OpenMetricsText1.0.0": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
  "PrometheusText0.0.4": "text/plain;version=0.0.4",
  "PrometheusText1.0.0": "text/plain;version=1.0.0;escaping=allow-utf-8",
};
const formats: Readonly<Record<ScrapeProtocol, ExpositionFormat>> = {
  PrometheusProto: "protobuf",
  "OpenMetricsText0.0.1": "openmetrics",
  "OpenMetricsText1.0.0": "openmetrics",
  "PrometheusText0.0.4": "prometheus",
  "PrometheusText1.0.0": "prometheus",
};

/** The headers of a scrape, as Prometheus sends them. Weights begin at one above the number of protocols that exist. */
export function scrapeHeaders(job: Job, timeoutMs: number): Record<string, string> {
  let weight = scrapeProtocols.length + 1;
  const accepted = job.scrape_protocols.map((name) => `${mediaTypes[name]};q=0.${weight--}`);
  return {
    Accept: [...accepted, `*/*;q=0.${weight}`].join(","),
    "Accept-Encoding": job.enable_compression ? "gzip" : "identity",
    // Some exporters look for this name; the comment says who it really is.
    "User-Agent": "Prometheus/3.14.0 (Lapwing)",
    "X-Prometheus-Scrape-Timeout-Seconds": String(timeoutMs / 1_000),
  };
}

/** What an answer's Content-Type says, else the fallback. Throws OperatingError where there is none. */
export function formatOf(
  contentType: string,
  fallback: ScrapeProtocol | undefined,
): ExpositionFormat {
  const [mediaType = ""] = contentType.split(";");
  switch (mediaType.trim().toLowerCase()) {
    case "application/openmetrics-text":
      return "openmetrics";
    case "application/vnd.google.protobuf":
      return "protobuf";
    case "text/plain":
      return "prometheus";
    default:
  }
  if (fallback !== undefined) return formats[fallback];
  const got =
    contentType === "" ? "no Content-Type" : `Content-Type ${JSON.stringify(contentType)}`;
  throw new OperatingError(
    "bad_request",
    `the target sends ${got.slice(0, 200)}, which is no exposition format, and no fallback_scrape_protocol is set`,
  );
}

/** A reader of a body of any format. It throws OperatingError, and then `out` is only good for counting. */
export function expositionReader(
  body: Uint8Array,
  format: ExpositionFormat,
  index: SeriesIndex,
  out: SampleColumns,
  wanted?: WantedHistograms,
): BodyReader {
  return format === "protobuf"
    ? protobufReader(body, index, out, wanted)
    : textReader(body, format, index, out);
}
