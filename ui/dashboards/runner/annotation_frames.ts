import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { Frame } from "../../frames/frame.ts";
import { textOf } from "../model/values.ts";
import type { ChartAnnotation } from "../../plot/time_shared.ts";

type Source = Pick<Dashboard["annotations"][number], "name" | "color" | "title" | "text" | "tags">;

/** More are a carpet, and no marks. */
const annotationsMax = 500;

/** Lines of a log, or the times at which series are not zero: such times in a row are one stretch. */
export function annotationsIn(
  frames: readonly Frame[],
  source: Source,
  stepMs: number,
): readonly ChartAnnotation[] {
  return frames
    .flatMap((frame) =>
      frame.fields.some(({ name }) => name === "line")
        ? fromLines(frame, source)
        : fromSeries(frame, source, stepMs),
    )
    .slice(0, annotationsMax);
}

function fromLines(frame: Frame, source: Source): ChartAnnotation[] {
  const column = (name: string) => frame.fields.find((field) => field.name === name)?.values ?? [];
  const [times, lines, labels] = [column("Time"), column("line"), column("labels")];
  return Array.from({ length: frame.length }, (_, i) => {
    const line = textOf(lines[i]);
    const own = labelsOf(labels[i]);
    return {
      ...texts(source, own, line),
      id: `${source.name}:${i}:${String(times[i])}`,
      startMs: Number(times[i]),
      endMs: undefined,
    };
  });
}

function fromSeries(frame: Frame, source: Source, stepMs: number): ChartAnnotation[] {
  const [time, value] = frame.fields;
  if (time === undefined || value === undefined) return [];
  const found: ChartAnnotation[] = [];
  let start: number | undefined;
  const close = (end: number): void => {
    if (start === undefined) return;
    found.push({
      ...texts(source, value.labels, ""),
      id: `${source.name}:${frame.name}:${start}`,
      startMs: start,
      endMs: end - start >= 2 * stepMs ? end : undefined,
    });
    start = undefined;
  };
  for (let i = 0; i < frame.length; i++) {
    const ms = Number(time.values[i]);
    const isOn = Number(value.values[i] ?? 0) > 0 || Number(value.values[i] ?? 0) < 0;
    if (isOn) start ??= ms;
    else close(ms);
  }
  close(Number(time.values[frame.length - 1] ?? 0) + stepMs);
  return found;
}

function texts(
  source: Source,
  labels: Labels,
  line: string,
): Pick<ChartAnnotation, "title" | "text" | "tags" | "color" | "stored"> {
  const filled = (text: string | undefined): string =>
    (text ?? "").replaceAll(
      /\{\{\s*([\w.]+)\s*\}\}/g,
      (_found, name: string) => labels[name] ?? "",
    );
  const title = filled(source.title);
  const text = filled(source.text);
  return {
    title: title === "" ? source.name : title,
    text: text === "" ? line : text,
    tags: source.tags,
    color: source.color,
    stored: false,
  };
}

function labelsOf(value: unknown): Labels {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}
