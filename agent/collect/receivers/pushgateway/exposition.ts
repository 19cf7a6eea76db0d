import { OperatingError } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { parseProtobuf } from "#shared/text/exposition/protobuf_parser.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { SeriesIndex } from "#shared/text/exposition/series_index.ts";
import { parseWholeText } from "#shared/text/exposition/text_parser.ts";

export type PushedSample = { readonly labels: Labels; readonly value: number };
export type PushedFamily = {
  readonly family: MetricFamily;
  readonly samples: readonly PushedSample[];
};

const labelCharsMax = 64 * 1024;

/**
 * Families of a pushed body, in the text format or delimited protobuf, with the group's labels over their own. Throws
 * OperatingError("bad_request"), also for a sample with a time of its own and for a series twice, as a Pushgateway does.
 */
export function readPushed(
  body: Uint8Array,
  contentType: string,
  group: Labels,
): Map<string, PushedFamily> {
  const index = new SeriesIndex();
  const columns = new SampleColumns();
  if (contentType.trim().toLowerCase().startsWith("application/vnd.google.protobuf"))
    parseProtobuf(body, index, columns);
  else parseWholeText(body, index, columns);
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
