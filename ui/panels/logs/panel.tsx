import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { Labels } from "#shared/model/labels.ts";
import type { PanelProps } from "../panel_kind.ts";
import { AnsiText } from "../parts/ansi_text.tsx";
import { clockAt, momentAt } from "../parts/moment.ts";
import { Nothing } from "../parts/nothing.tsx";
import { linesMax, panelLines, prettyJson, type PanelLine } from "./lines.ts";
import type { LogsOptions } from "./options.ts";

const linePx = 20;
/** Characters drawn of one line. */
const charsMax = 10_000;

/** A light list of log lines. */
export function LogsPanel({ title, options, frames, timeZone, onFilter }: PanelProps<LogsOptions>) {
  const { order, dedup } = options;
  const { lines, common, left } = useMemo(
    () => panelLines(frames, { order, dedup }),
    [frames, order, dedup],
  );
  const [open, setOpen] = useState<PanelLine>();
  const pane = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => pane.current,
    estimateSize: () => linePx,
    overscan: 20,
  });
  if (lines.length === 0) return <Nothing>No log line in this time range.</Nothing>;
  return (
    <div className="panel-logs">
      {options.show_common_labels && Object.keys(common).length > 0 && (
        <p className="panel-logs-common clip">{labelText(common)}</p>
      )}
      <div
        ref={pane}
        className={options.wrap || options.prettify ? "panel-logs-pane wrap" : "panel-logs-pane"}
        role="region"
        aria-label={`${title === "" ? "Logs" : title}: ${lines.length} lines`}
        tabIndex={0}
      >
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            return line === undefined ? null : (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className="panel-logs-item"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Line
                  line={line}
                  common={common}
                  options={options}
                  timeZone={timeZone}
                  isOpen={line === open}
                  onToggle={() => setOpen(line === open ? undefined : line)}
                />
                {line === open && <Details line={line} timeZone={timeZone} onFilter={onFilter} />}
              </div>
            );
          })}
        </div>
      </div>
      {left > 0 && (
        <p className="panel-more">
          {linesMax} of {linesMax + left} lines are shown; a shorter range or a filter shows the
          rest
        </p>
      )}
    </div>
  );
}

function Line({
  line,
  common,
  options,
  timeZone,
  isOpen,
  onToggle,
}: {
  readonly line: PanelLine;
  readonly common: Labels;
  readonly options: LogsOptions;
  readonly timeZone: string;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}) {
  const text = (options.prettify ? prettyJson(line.text) : line.text).slice(0, charsMax);
  const content = (
    <>
      {options.show_time && (
        <time title={momentAt(line.timeMs, timeZone)}>{clockAt(line.timeMs, timeZone)}</time>
      )}
      {options.show_level && (
        <span className={`level ${line.level ?? "none"}`}>{line.level ?? ""}</span>
      )}
      {line.count > 1 && (
        <span className="panel-logs-count" title={`${line.count} lines in a row`}>
          {line.count}×
        </span>
      )}
      {options.show_labels && (
        <span className="panel-logs-labels">{labelText(without(line.labels, common))}</span>
      )}
      <span className="panel-logs-text">
        <AnsiText text={text} />
      </span>
    </>
  );
  if (!options.details) return <div className="panel-logs-line">{content}</div>;
  return (
    <button type="button" className="panel-logs-line" aria-expanded={isOpen} onClick={onToggle}>
      {content}
    </button>
  );
}

function Details({
  line,
  timeZone,
  onFilter,
}: {
  readonly line: PanelLine;
  readonly timeZone: string;
  readonly onFilter: PanelProps<LogsOptions>["onFilter"];
}) {
  return (
    <dl className="panel-logs-details">
      <dt>time</dt>
      <dd>{momentAt(line.timeMs, timeZone)}</dd>
      {Object.entries(line.labels).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {onFilter !== undefined && (
              <button
                type="button"
                className="panel-link"
                onClick={() => onFilter(name, "=", value)}
              >
                Only this
              </button>
            )}
            {onFilter !== undefined && (
              <button
                type="button"
                className="panel-link"
                onClick={() => onFilter(name, "!=", value)}
              >
                Without this
              </button>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function without(labels: Labels, common: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !(name in common)));
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join("  ");
}
