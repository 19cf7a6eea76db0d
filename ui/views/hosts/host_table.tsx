import { useVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState } from "react";
import { phoneQuery, useMedia, useNow } from "../../state/media.ts";
import { useScroller } from "../../state/scroll.ts";
import { HostCells } from "./host_cells.tsx";
import type { HostRow, SortColumn } from "./host_rows.ts";

const rowPx = 32;
const cardPx = 156;

const columns: readonly {
  readonly id: SortColumn;
  readonly text: string;
  readonly number: boolean;
}[] = [
  { id: "status", text: "Status", number: false },
  { id: "name", text: "Host", number: false },
  { id: "cpu", text: "CPU %", number: true },
  { id: "memory", text: "Memory %", number: true },
  { id: "disk", text: "Disk %", number: true },
  { id: "received", text: "Net in", number: true },
  { id: "sent", text: "Net out", number: true },
  { id: "seen", text: "Last seen", number: true },
  { id: "version", text: "Version", number: false },
  { id: "in_flight", text: "In flight of all", number: true },
  { id: "dropped", text: "Loss account", number: false },
];

type Props = {
  readonly rows: readonly HostRow[];
  readonly loading: boolean;
  readonly known: boolean;
  readonly sort: SortColumn;
  readonly down: boolean;
  readonly onSort: (column: SortColumn) => void;
};

/** Rows of hosts, cards on a phone. Only what is in view is in the document, so 500 hosts scroll like five. */
export function HostTable({ rows, loading, known, sort, down, onSort }: Props) {
  const scroller = useScroller();
  const list = useRef<HTMLDivElement>(null);
  const phone = useMedia(phoneQuery);
  const nowMs = useNow(1_000);
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => setScrollMargin(list.current?.offsetTop ?? 0), [phone]);
  const size = phone ? cardPx : rowPx;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    overscan: phone ? 4 : 12,
    scrollMargin,
    getItemKey: (i) => rows[i]?.agent.agent ?? i,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, size]);
  return (
    <div className="hosts" role="table" aria-label="Hosts" aria-rowcount={rows.length + 1}>
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
          const row = rows[item.index];
          return row === undefined ? null : (
            <div
              key={item.key}
              role="row"
              aria-rowindex={item.index + 2}
              className={row.agent.live ? "host" : "host is-silent"}
              style={{ transform: `translateY(${item.start - scrollMargin}px)` }}
            >
              <HostCells row={row} loading={loading} known={known} nowMs={nowMs} />
            </div>
          );
        })}
      </div>
    </div>
  );
}
