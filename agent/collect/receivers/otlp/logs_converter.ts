import type { ExportLogsServiceRequest, LogRecord } from "#proto/gen/foreign/otlp_logs_pb.js";
import type { KeyValue, Resource, Scope } from "#proto/gen/foreign/otlp_common_pb.js";
import type { Labels } from "#shared/model/labels.ts";
import { withServiceName } from "../../../pipeline/transforms/service_name.ts";
import { severityOf } from "../../sources/file_logs/severity.ts";
import type { Steps } from "../transport/decode_turns.ts";
import { severityOfLabels, severityOfWord } from "../records/detected_severity.ts";
import type { LogBatchBuilder, RecordFault } from "../records/log_batch_builder.ts";
import { labelsOfAttributes, valueText } from "./attributes.ts";
import { LabelNames } from "./label_names.ts";

/** Attributes of resources that become labels of the stream; the rest stands beside each record. */
const streamAttributes: ReadonlySet<string> = new Set([
  "service.name",
  "service.namespace",
  "service.instance.id",
  "deployment.environment",
  "deployment.environment.name",
  "host.name",
  "cloud.region",
  "cloud.availability_zone",
  "k8s.cluster.name",
  "k8s.namespace.name",
  "k8s.pod.name",
  "k8s.container.name",
  "k8s.replicaset.name",
  "k8s.deployment.name",
  "k8s.statefulset.name",
  "k8s.daemonset.name",
  "k8s.job.name",
  "k8s.cronjob.name",
  "container.name",
]);

/** How the ids of a record are written: bytes in protobuf, hexadecimal text that was read as base64 in JSON. */
export type IdEncoding = "hex" | "base64";

/** Attributes as labels, with the names that LogQL can name; those that make no name are left out. */
export type LabelsOf = (attributes: readonly KeyValue[]) => Record<string, string>;

export function logLabels(): LabelsOf {
  const names = new LabelNames({
    escapes: true,
    sanitizesUnderscore: true,
    preservesUnderscores: true,
  });
  return (attributes) => labelsOfAttributes(flattened(attributes), names, ignoreName);
}

/** What the records of a scope have in common. */
export type LogScope = {
  readonly labels: Labels;
  /** Beside each record. */
  readonly attributes: Labels;
};

/** The records of a request in a batch builder; faults are told to `onFault`, the rest stands. */
export function* convertLogs(
  request: ExportLogsServiceRequest,
  ids: IdEncoding,
  labelsOf: LabelsOf,
  builder: LogBatchBuilder,
  onFault: (fault: RecordFault) => void,
): Steps {
  for (const { resource, scopeLogs } of request.resourceLogs)
    for (const { scope, logRecords } of scopeLogs) {
      const context = logScope(resource, scope, labelsOf);
      const stream = builder.stream(context.labels);
      yield;
      for (const record of logRecords) {
        yield;
        const body = Buffer.from(valueText(record.body));
        const own = recordAttributes(record, context, labelsOf);
        const fault = builder.add(stream, {
          unixNanos: record.timeUnixNano === 0n ? record.observedTimeUnixNano : record.timeUnixNano,
          severity: toldSeverity(record, own, context) || severityOf(body, 0, body.length),
          body,
          attributes: { ...own, ...recordIds(record, ids) },
        });
        if (fault !== undefined) onFault(fault);
      }
    }
}

/** Maps as one attribute for each of their values, as Loki does it. */
function flattened(attributes: readonly KeyValue[]): readonly KeyValue[] {
  if (!attributes.some(({ value }) => value?.value.case === "kvlistValue")) return attributes;
  return attributes.flatMap((attribute) => {
    const { key, value } = attribute;
    if (value?.value.case !== "kvlistValue") return [attribute];
    const inner = value.value.value.values.map((one) => ({ ...one, key: `${key}.${one.key}` }));
    return flattened(inner);
  });
}

/** An attribute whose name makes no label is not worth a record. */
function ignoreName(): void {}

export function logScope(
  resource: Resource | undefined,
  scope: Scope | undefined,
  labelsOf: LabelsOf,
): LogScope {
  const given = resource?.attributes ?? [];
  const labels = labelsOf(given.filter(({ key }) => streamAttributes.has(key)));
  const attributes: Record<string, string> = {
    ...labelsOf(given.filter(({ key }) => !streamAttributes.has(key))),
    ...labelsOf(scope?.attributes ?? []),
  };
  if (scope !== undefined && scope.name !== "") attributes["scope_name"] = scope.name;
  if (scope !== undefined && scope.version !== "") attributes["scope_version"] = scope.version;
  return { labels: withServiceName(labels), attributes };
}

/** What stands beside a record but for its ids. */
export function recordAttributes(
  record: LogRecord,
  scope: LogScope,
  labelsOf: LabelsOf,
): Record<string, string> {
  const attributes = { ...scope.attributes, ...labelsOf(record.attributes) };
  if (record.severityText !== "") attributes["severity_text"] = record.severityText;
  if (record.eventName !== "") attributes["event_name"] = record.eventName;
  return attributes;
}

function recordIds({ traceId, spanId }: LogRecord, ids: IdEncoding): Labels {
  const attributes: Record<string, string> = {};
  if (traceId.length > 0) attributes["trace_id"] = hexOf(traceId, ids);
  if (spanId.length > 0) attributes["span_id"] = hexOf(spanId, ids);
  return attributes;
}

function hexOf(id: Uint8Array, ids: IdEncoding): string {
  return Buffer.from(id).toString(ids).toLowerCase();
}

/** The severity that everything but a record's body tells; 0 where only that may. `own` are its attributes. */
export function toldSeverity(
  { severityNumber, severityText }: LogRecord,
  own: Labels,
  { labels }: LogScope,
): number {
  return severityNumber || severityOfWord(severityText) || severityOfLabels(own, labels);
}
