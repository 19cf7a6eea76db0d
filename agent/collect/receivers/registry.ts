import { collectd } from "./collectd/receiver.ts";
import { elasticsearch } from "./elasticsearch/receiver.ts";
import { fluent } from "./fluent/receiver.ts";
import { gelf } from "./gelf/receiver.ts";
import { graphite } from "./graphite/receiver.ts";
import { influx } from "./influx/receiver.ts";
import { jsonLogs } from "./json_logs/receiver.ts";
import { jsonMetrics } from "./json_metrics/receiver.ts";
import { loki } from "./loki/receiver.ts";
import { otlp } from "./otlp/receiver.ts";
import { pushgateway } from "./pushgateway/receiver.ts";
import { remoteWrite } from "./remote_write/receiver.ts";
import { statsd } from "./statsd/receiver.ts";
import { syslog } from "./syslog/receiver.ts";

/** Every receiver, under its key in `receivers` of the configuration; sorted. A new one is a file, a line here and one in config.ts. */
export const receivers = {
  collectd,
  elasticsearch,
  fluent,
  gelf,
  graphite,
  influx,
  json_logs: jsonLogs,
  json_metrics: jsonMetrics,
  loki,
  otlp,
  pushgateway,
  remote_write: remoteWrite,
  statsd,
  syslog,
};
