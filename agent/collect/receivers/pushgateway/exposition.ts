import { OperatingError } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { protobufReader } from "#shared/text/exposition/protobuf_parser.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { SeriesIndex } from "#shared/text/exposition/series_index.ts";
import { wholeTextReader } from "#shared/text/exposition/text_parser.ts";
import type { Steps } from "../transport/decode_turns.ts";

export type PushedSample = { readonly labels: Labels; readonly value: number };
export type PushedFamily = {
  readonly family: MetricFamily;
  readonly samples: readonly PushedSample[];
};

const labelCharsMax = 64 * 1024;
/** A step of the body takes so long. */
const stepMs = 5;

/**
 * Families of a pushed body, in the text format or delimited protobuf, with the group's labels over their own. Throws
 * OperatingError("bad_request"), also for a sample with a time of its own and for a series twice, as a Pushgateway does, and for more
 * than `samplesMax`.
 */
export function* readPushed(
  body: Uint8Array,
  contentType: string,
  group: Labels,
  samplesMax: number,
): Steps<Map<string, PushedFamily>> {
  const index = new SeriesIndex();
  const columns = new SampleColumns();
  const isProtobuf = contentType.trim().toLowerCase().startsWith("application/vnd.google.protobuf");
  const reader = (isProtobuf ? protobufReader : wholeTextReader)(body, index, columns);
  for (let untilMs = 0; !reader.read(() => performance.now() >= untilMs);) {
    if (columns.length > samplesMax)
      throw new OperatingError("bad_request", `more than ${samplesMax} pushed series`);
    yield;
    untilMs = performance.now() + stepMs;
  }
  const values = new Map<number, number>();
  for (let i = 0; i < columns.length; i++) {
    const entry = columns.series[i] ?? 0;
    if (columns.explicit[i] === 1)
      throw new OperatingError("bad_request", "pushed metrics must not have timestamps");
    if (values.has(entry)) throw new OperatingError("bad_request", "a series is pushed twice");
    values.set(entry, columns.values[i] ?? Number.NaN);
  }
  const families = new Map<string, { family: MetricFamily; samples: PushedSample[] }>();
  const seen = new Set<string>();
  for (const { entry, labels: exposed } of index.newSeries) {
    yield;
    const labels = Object.fromEntries(
      [...Object.entries(Object.fromEntries(exposed)), ...Object.entries(group)].filter(
        ([, value]) => value !== "",
      ),
    );
    const key = labelsKey(labels);
    if (seen.has(key)) throw new OperatingError("bad_request", "a series is pushed twice");
    if (key.length > labelCharsMax) throw new OperatingError("bad_request", "labels are too large");
    seen.add(key);
    const known = index.familyOf(entry);
    const name = known?.name ?? labels["__name__"] ?? "";
    const [type, help, unit] = [known?.type ?? "unknown", known?.help ?? "", known?.unit ?? ""];
    const pushed = families.get(name) ?? { family: { name, type, help, unit }, samples: [] };
    families.set(name, pushed);
    pushed.samples.push({ labels, value: values.get(entry) ?? Number.NaN });
  }
  return families;
}
