import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { seriesText } from "../../frames/legend.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Empty } from "../../widgets/picture.tsx";
import type { Answer } from "./use_answers.ts";

const rowPx = 28;

/** Every series as text with its last value, as Prometheus's own page lists them. */
export function RawList({ answers }: { readonly answers: readonly Answer[] }) {
  const frames = answers.flatMap(({ good }) => good?.frames ?? []);
  const rows = useMemo(
    () =>
      frames.flatMap((frame) =>
        frame.fields
          .filter(({ type }) => type === "number")
          .flatMap((field) =>
            frame.fields.some(({ type }) => type === "string")
              ? tableRows(frame.fields, field.values)
              : [{ name: seriesText(field.labels) || frame.name, value: lastOf(field.values) }],
          ),
      ),
    [answers],
  );
  const place = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => rowPx,
    overscan: 20,
  });
  if (rows.length === 0) return <Empty title="No series">The queries gave nothing.</Empty>;
  return (
    <section aria-label="Raw series">
      <div className="toolbar">
        <span className="quiet">{rows.length} series, last value</span>
        <CopyButton
          label="Copy all series"
          word="Copy"
          text={() => rows.map(({ name, value }) => `${name} ${value}`).join("\n")}
        />
      </div>
      <div ref={place} className="raw-list" tabIndex={0} role="region" aria-label="Series">
        <div style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <div key={index} className="raw-row" style={{ transform: `translateY(${start}px)` }}>
              <code className="clip" title={rows[index]?.name}>
                {rows[index]?.name}
              </code>
              <span className="number">{rows[index]?.value}</span>
            </div>
          ))}
        </div>
      </div>
    </section>
  );
}

type Column = {
  readonly name: string;
  readonly type: string;
  readonly values: Float64Array | readonly unknown[];
};

function tableRows(fields: readonly Column[], values: Column["values"]) {
  const labels = fields.filter(({ type }) => type === "string");
  return Array.from(values, (value, row) => ({
    name: seriesText(
      Object.fromEntries(labels.map((each) => [each.name, String(each.values[row])])),
    ),
    value: String(value),
  }));
}

function lastOf(values: Column["values"]): string {
  for (let i = values.length - 1; i >= 0; i--) {
    const value = values[i];
    if (typeof value === "number" && !Number.isNaN(value)) return String(value);
  }
  return "no value";
}
