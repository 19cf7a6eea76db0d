import { type ReceiverBinder, binder } from "./binder.ts";
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

/** Every receiver, under its key in `receivers` of the configuration; sorted. A new one is a folder and a line here. */
export const receivers: Readonly<Record<string, ReceiverBinder>> = {
  collectd: binder(collectd),
  elasticsearch: binder(elasticsearch),
  fluent: binder(fluent),
  gelf: binder(gelf),
  graphite: binder(graphite),
  influx: binder(influx),
  json_logs: binder(jsonLogs),
  json_metrics: binder(jsonMetrics),
  loki: binder(loki),
  otlp: binder(otlp),
  pushgateway: binder(pushgateway),
  remote_write: binder(remoteWrite),
  statsd: binder(statsd),
  syslog: binder(syslog),
};
