import { useVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { phoneQuery, useMedia, useNow } from "../../state/media.ts";
import { useScroller } from "../../state/scroll.ts";
import { HostCells } from "./host_cells.tsx";
import { columnClasses, columns, columnStyle, type OptionalColumn } from "./host_columns.ts";
import { hostLines, type HostLine } from "./host_list.ts";
import type { HostRow, SortColumn } from "./host_rows.ts";

const rowPx = 32;
const cardPx = 156;
const headingPx = 40;

type Props = {
  readonly rows: readonly HostRow[];
  readonly group: string;
  readonly hidden: ReadonlySet<OptionalColumn>;
  readonly loading: boolean;
  readonly known: boolean;
  readonly sort: SortColumn;
  readonly down: boolean;
  readonly onSort: (column: SortColumn) => void;
};

/** Rows of hosts, cards on a phone. Only what is in view is in the document, so 500 hosts scroll like five. */
export function HostTable(props: Props) {
  const { rows, group, hidden, sort, down, onSort } = props;
  const scroller = useScroller();
  const list = useRef<HTMLDivElement>(null);
  const phone = useMedia(phoneQuery);
  const nowMs = useNow(1_000);
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => setScrollMargin(list.current?.offsetTop ?? 0), [phone]);
  const size = phone ? cardPx : rowPx;
  const lines = useMemo(() => hostLines(rows, 1, group), [rows, group]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => (lines[i]?.heading === undefined ? size : headingPx),
    overscan: phone ? 4 : 12,
    scrollMargin,
    getItemKey: (i) => lines[i]?.key ?? i,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, size, lines]);
  return (
    <div
      className={`hosts${columnClasses(hidden)}`}
      style={columnStyle(hidden)}
      role="table"
      aria-label="Hosts"
      aria-rowcount={lines.length + 1}
    >
      <div className="hosts-head" role="row" aria-rowindex={1}>
        {columns.map(({ id, text, number }) => (
          <div
            key={id}
            role="columnheader"
            className={`${id} ${number ? "number" : ""}`}
            aria-sort={sort !== id ? "none" : down ? "descending" : "ascending"}
          >
            <button type="button" className="sort" onClick={() => onSort(id)}>
              {text}
            </button>
          </div>
        ))}
      </div>
      <div
        ref={list}
        role="rowgroup"
        style={{ height: virtual.getTotalSize(), position: "relative" }}
      >
        {virtual.getVirtualItems().map((item) => {
          const line = lines[item.index];
          return line === undefined ? null : (
            <Line
              key={item.key}
              {...props}
              line={line}
              index={item.index}
              top={item.start - scrollMargin}
              nowMs={nowMs}
            />
          );
        })}
      </div>
    </div>
  );
}

type LineProps = Pick<Props, "loading" | "known"> & {
  readonly line: HostLine;
  readonly index: number;
  readonly top: number;
  readonly nowMs: number;
};

function Line({ line, index, top, loading, known, nowMs }: LineProps) {
  const style = { transform: `translateY(${top}px)` };
  if (line.heading !== undefined) {
    return (
      <div role="row" aria-rowindex={index + 2} className="host-group" style={style}>
        <div role="cell" className="clip" title={line.heading}>
          {line.heading} <span className="quiet">{line.hosts}</span>
        </div>
      </div>
    );
  }
  const [row] = line.rows;
  if (row === undefined) return null;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={row.agent.live ? "host" : "host is-silent"}
      style={style}
    >
      <HostCells row={row} loading={loading} known={known} nowMs={nowMs} />
    </div>
  );
}
