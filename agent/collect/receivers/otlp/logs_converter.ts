import type {
  ExportLogsServiceRequest,
  LogRecord,
  ResourceLogs,
} from "#proto/gen/foreign/otlp_logs_pb.js";
import type { KeyValue } from "#proto/gen/foreign/otlp_common_pb.js";
import type { Labels } from "#shared/model/labels.ts";
import { detectedSeverity, severityOfWord } from "../detected_severity.ts";
import { LogBatchBuilder, type RecordFault } from "../log_batch_builder.ts";
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
  "k8s.deployment.name",
  "k8s.statefulset.name",
  "k8s.daemonset.name",
  "k8s.job.name",
  "k8s.cronjob.name",
  "container.name",
]);

/** How the ids of a record are written: bytes in protobuf, hexadecimal text that was read as base64 in JSON. */
export type IdEncoding = "hex" | "base64";

/** The records of a request in a batch builder; faults are told to `onFault`, the rest stands. */
export function convertLogs(
  request: ExportLogsServiceRequest,
  ids: IdEncoding,
  builder: LogBatchBuilder,
  onFault: (fault: RecordFault) => void,
): void {
  const names = new LabelNames({
    escapes: true,
    sanitizesUnderscore: true,
    preservesUnderscores: true,
  });
  const labelsOf: LabelsOf = (attributes) =>
    labelsOfAttributes(flattened(attributes), names, ignoreName);
  for (const resource of request.resourceLogs)
    convertResource(resource, { ids, labelsOf, builder, onFault });
}

type LabelsOf = (attributes: readonly KeyValue[]) => Record<string, string>;
type Parts = {
  readonly ids: IdEncoding;
  readonly labelsOf: LabelsOf;
  readonly builder: LogBatchBuilder;
  readonly onFault: (fault: RecordFault) => void;
};

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

function convertResource(
  { resource, scopeLogs }: ResourceLogs,
  { ids, labelsOf, builder, onFault }: Parts,
): void {
  const attributes = resource?.attributes ?? [];
  const labels = labelsOf(attributes.filter(({ key }) => streamAttributes.has(key)));
  const beside = labelsOf(attributes.filter(({ key }) => !streamAttributes.has(key)));
  const stream = builder.stream({ service_name: "unknown_service", ...labels });
  for (const { scope, logRecords } of scopeLogs) {
    const common: Record<string, string> = {
      ...beside,
      ...labelsOf(scope?.attributes ?? []),
    };
    if (scope !== undefined && scope.name !== "") common["scope_name"] = scope.name;
    if (scope !== undefined && scope.version !== "") common["scope_version"] = scope.version;
    for (const record of logRecords) {
      const body = Buffer.from(valueText(record.body));
      const own = { ...common, ...recordAttributes(record, ids, labelsOf) };
      const fault = builder.add(stream, {
        unixNanos: record.timeUnixNano === 0n ? record.observedTimeUnixNano : record.timeUnixNano,
        severity:
          record.severityNumber ||
          severityOfWord(record.severityText) ||
          detectedSeverity(body, own, labels),
        body,
        attributes: own,
      });
      if (fault !== undefined) onFault(fault);
    }
  }
}

function recordAttributes(record: LogRecord, ids: IdEncoding, labelsOf: LabelsOf): Labels {
  const attributes = labelsOf(record.attributes);
  const add = (name: string, value: string): void => {
    if (value !== "") attributes[name] = value;
  };
  add("trace_id", Buffer.from(record.traceId).toString(ids).toLowerCase());
  add("span_id", Buffer.from(record.spanId).toString(ids).toLowerCase());
  add("severity_text", record.severityText);
  add("event_name", record.eventName);
  return attributes;
}
