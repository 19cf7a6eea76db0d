import type { Exemplar as OtlpExemplar } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { type Exemplar, charactersOf, exemplarLabelCharsMax } from "#shared/model/exemplars.ts";
import { valueText } from "./attributes.ts";
import type { IdEncoding } from "./logs_converter.ts";

/**
 * Exemplars of a point in Prometheus's form, ascending by value: trace and span as labels in lower-case hexadecimal, and the
 * attributes that are not the point's where all fit (prometheusremotewrite/helper.go, getPromExemplars). One without a value or
 * without a time is undefined. JSON writes ids in hexadecimal where protobuf's JSON has base64: what was read as that is written
 * as that again (`ids`).
 */
export function exemplarsOf(
  exemplars: readonly OtlpExemplar[],
  ids: IdEncoding,
): (Exemplar | undefined)[] {
  return exemplars
    .map((one) => exemplarOf(one, ids))
    .toSorted((a, b) => (a?.value ?? 0) - (b?.value ?? 0));
}

function exemplarOf(exemplar: OtlpExemplar, ids: IdEncoding): Exemplar | undefined {
  const { value, timeUnixNano, traceId, spanId, filteredAttributes } = exemplar;
  if (value.case === undefined || timeUnixNano === 0n) return undefined;
  const labels: Record<string, string> = {};
  for (const [name, bytes] of [
    ["trace_id", traceId],
    ["span_id", spanId],
  ] as const) {
    const id = Buffer.from(bytes).toString(ids).toLowerCase();
    // An id of zeros is none.
    if (/[^0]/.test(id)) labels[name] = id;
  }
  const attributes = filteredAttributes
    .map(({ key, value: own }) => [key, valueText(own)] as const)
    .filter(([name, text]) => name !== "" && text !== "");
  const all = { ...Object.fromEntries(attributes), ...labels };
  let chars = 0;
  for (const [name, text] of Object.entries(all)) chars += charactersOf(name) + charactersOf(text);
  return {
    labels: chars <= exemplarLabelCharsMax ? all : labels,
    value: Number(value.value),
    timestampMs: Number(timeUnixNano / 1_000_000n),
  };
}
