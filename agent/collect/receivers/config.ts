import { z } from "zod";
import { lazySchema } from "#shared/lazy_schema.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { ProcessorsConfig } from "../../pipeline/processors/config.ts";
import { receivers } from "./registry.ts";

/** What is taken when it is pushed here; everything that needs no port of its own is on. */
export const ReceiversConfig = lazySchema(() =>
  z.strictObject({
    /** What the bodies of all requests together hold in memory, packed and unpacked; more is told to come again. */
    memory_max: byteSize.prefault("256MiB"),
    /** Off unless it is named, because its usual port may be another program's. */
    collectd: receivers.collectd.config.optional(),
    elasticsearch: receivers.elasticsearch.config
      .unwrap()
      .extend({ processors: ProcessorsConfig })
      .prefault({}),
    fluent: receivers.fluent.config.unwrap().extend({ processors: ProcessorsConfig }).prefault({}),
    gelf: receivers.gelf.config.unwrap().extend({ processors: ProcessorsConfig }).prefault({}),
    /** Off unless it is named, because its usual port may be another program's. */
    graphite: receivers.graphite.config.optional(),
    influx: receivers.influx.config.prefault({}),
    json_logs: receivers.json_logs.config
      .unwrap()
      .extend({ processors: ProcessorsConfig })
      .prefault({}),
    json_metrics: receivers.json_metrics.config.prefault({}),
    loki: receivers.loki.config.unwrap().extend({ processors: ProcessorsConfig }).prefault({}),
    otlp: receivers.otlp.config.unwrap().extend({ processors: ProcessorsConfig }).prefault({}),
    pushgateway: receivers.pushgateway.config.prefault({}),
    remote_write: receivers.remote_write.config.prefault({}),
    /** Off unless it is named, because its usual port may be another program's. */
    statsd: receivers.statsd.config.unwrap().extend({ processors: ProcessorsConfig }).optional(),
    syslog: receivers.syslog.config.unwrap().extend({ processors: ProcessorsConfig }).prefault({}),
  }),
);

export type ReceiversConfig = z.output<typeof ReceiversConfig>;
