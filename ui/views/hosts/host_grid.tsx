import { useVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { useScroller } from "../../state/scroll.ts";
import { useWidth } from "../../state/width.ts";
import { HostCard } from "./host_card.tsx";
import { hostLines } from "./host_list.ts";
import type { HostRow } from "./host_rows.ts";

const cardWidthMin = 264;
const cardPx = 132;
const gapPx = 12;
const headingPx = 40;

type Props = {
  readonly rows: readonly HostRow[];
  readonly group: string;
  readonly loading: boolean;
  readonly known: boolean;
};

/** Cards of hosts, as many beside each other as there is room for; only those in view are in the document. */
export function HostGrid({ rows, group, loading, known }: Props) {
  const scroller = useScroller();
  const list = useRef<HTMLDivElement>(null);
  const width = useWidth(list);
  const across = Math.max(1, Math.floor((width + gapPx) / (cardWidthMin + gapPx)));
  const lines = useMemo(() => hostLines(rows, across, group), [rows, across, group]);
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => setScrollMargin(list.current?.offsetTop ?? 0), [across]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => (lines[i]?.heading === undefined ? cardPx + gapPx : headingPx),
    overscan: 4,
    scrollMargin,
    getItemKey: (i) => lines[i]?.key ?? i,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, lines]);
  return (
    <section
      ref={list}
      className="host-grid"
      aria-label="Hosts"
      style={{ height: virtual.getTotalSize() }}
    >
      {width > 0 &&
        virtual.getVirtualItems().map((item) => {
          const line = lines[item.index];
          if (line === undefined) return null;
          const transform = `translateY(${item.start - scrollMargin}px)`;
          return line.heading === undefined ? (
            <div
              key={item.key}
              className="host-cards"
              style={{ transform, gridTemplateColumns: `repeat(${across}, minmax(0, 1fr))` }}
            >
              {line.rows.map((row) => (
                <HostCard key={row.agent.agent} row={row} loading={loading} known={known} />
              ))}
            </div>
          ) : (
            <h2 key={item.key} className="host-group clip" style={{ transform }}>
              {line.heading} <span className="quiet">{line.hosts}</span>
            </h2>
          );
        })}
    </section>
  );
}
