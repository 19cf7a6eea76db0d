import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { BlockRow } from "../../client/storage/data_service.ts";
import { Select } from "../../overlays/select.tsx";
import { Sheet } from "../../overlays/sheet.tsx";
import { formatCount, formatDateTime, formatSpan, formatValue } from "../../units/format.ts";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { useBlocks, useStorage } from "../../queries/storage.ts";
import { windowOf, type TimeRange } from "../../state/time_range.ts";
import { useTimeZone } from "../../state/time_zone.ts";
import { Button } from "../../elements/buttons.tsx";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Corner, Empty, Failed, Skeleton } from "../../widgets/picture.tsx";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";
import { blockAddress, blockSql } from "./block_sql.ts";
import { blockLanes } from "./block_times.ts";
import { tierName } from "./storage_rows.ts";

const route = getRouteApi("/data");
/** Blocks are written and merged every few minutes. */
const slowestMs = 15_000;

/** "Metrics". */
function titleOf(signal: string): string {
  return `${signal.slice(0, 1).toUpperCase()}${signal.slice(1)}`;
}

/** The files that hold what is stored, within the time range of the page. */
export function BlocksTab() {
  const { range, timeZone, intervalMs } = usePageRange();
  const { signal = "", block: opened } = route.useSearch();
  const change = useSearchChange();
  const everyMs = intervalMs === 0 ? 0 : Math.max(intervalMs, slowestMs);
  const pages = useBlocks({ signal, range, everyMs });
  const signals = useStorage(0).data?.head.items.map((one) => one.signal) ?? [];
  const blocks = useMemo(() => pages.data?.pages.flatMap((page) => page.blocks), [pages.data]);
  const total = pages.data?.pages[0]?.total ?? 0;
  const columns = useMemo(() => blockColumns(timeZone), [timeZone]);
  const shown = blocks?.find(({ id }) => id === opened);
  return (
    <>
      <div className="toolbar">
        <Select
          label="Signal"
          value={signal}
          options={[
            { value: "", label: "All signals" },
            ...signals.map((one) => ({ value: one, label: titleOf(one) })),
          ]}
          onChange={(next) => change({ signal: next })}
        />
        <span className="quiet" role="status">
          {blocks !== undefined &&
            `${formatCount(blocks.length)} of ${formatCount(total)} blocks with data of this time range`}
        </span>
        {pages.isError && blocks !== undefined && (
          <Corner state="failed" detail={pages.error.message}>
            not refreshed: {pages.error.message}
          </Corner>
        )}
      </div>
      {blocks === undefined ? (
        pages.isError ? (
          <Failed error={pages.error} />
        ) : (
          <Skeleton rows={10} height={28} />
        )
      ) : blocks.length === 0 ? (
        <Empty title="No block has data of this time range">
          The newest data are in memory for some minutes. Choose a longer range above.
        </Empty>
      ) : (
        <>
          <Timeline blocks={blocks} range={range} />
          <RowTable
            id="blocks"
            label="Blocks"
            rows={blocks}
            columns={columns}
            onRow={({ id }) => change({ block: id })}
          />
          {pages.hasNextPage && (
            <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              Load more
            </Button>
          )}
        </>
      )}
      {shown !== undefined && (
        <Sheet open onOpenChange={() => change({ block: "" })} title="Block" size="wide">
          <Detail block={shown} zone={timeZone} />
        </Sheet>
      )}
    </>
  );
}

/** Where blocks lie in time: the darker, the more of them lie over each other and are still to be merged. */
function Timeline({
  blocks,
  range,
}: {
  readonly blocks: readonly BlockRow[];
  readonly range: TimeRange;
}) {
  const timeZone = useTimeZone();
  const window = windowOf(range, Date.now());
  if (window === undefined) return null;
  const lanes = blockLanes(blocks, window);
  const most = Math.max(1, ...lanes.flatMap(({ bars }) => bars.map(({ count }) => count)));
  return (
    <figure className="block-times" aria-label="Blocks over time">
      {lanes.map(({ name, bars }) => (
        <div key={name} className="block-lane">
          <span className="clip">{name}</span>
          <div className="block-bars">
            {bars.map(({ left, width, count }) => (
              <span
                key={left}
                title={`${count} ${count === 1 ? "block" : "blocks"} over each other`}
                style={{
                  left: `${left * 100}%`,
                  width: `${width * 100}%`,
                  opacity: 0.4 + (0.6 * count) / most,
                }}
              />
            ))}
          </div>
        </div>
      ))}
      <figcaption className="quiet">
        <span>{formatDateTime(window.startMs, timeZone)}</span>
        <span>{formatDateTime(window.endMs, timeZone)}</span>
      </figcaption>
    </figure>
  );
}

function numberColumn(
  key: string,
  title: string,
  value: (block: BlockRow) => number,
  text: (value: number) => string,
): RowColumn<BlockRow> {
  const common = { key, title, isNumber: true, width: 96, value };
  return { ...common, text: (block) => text(value(block)) };
}

function blockColumns(zone: string): RowColumn<BlockRow>[] {
  const time = (
    key: string,
    title: string,
    value: (block: BlockRow) => number,
  ): RowColumn<BlockRow> => ({
    key,
    title,
    isTime: true,
    width: 160,
    value,
    text: (block) => formatDateTime(value(block), zone),
  });
  return [
    { key: "signal", title: "Signal", width: 84, value: ({ signal }) => signal },
    { key: "tier", title: "Resolution", width: 130, onPhone: false, value: tierName },
    time("from", "From", ({ minMs }) => minMs),
    { ...time("to", "To", ({ maxMs }) => maxMs), onPhone: false },
    numberColumn("span", "Spans", ({ minMs, maxMs }) => maxMs - minMs, formatSpan),
    numberColumn(
      "bytes",
      "Size",
      ({ bytes }) => bytes,
      (value) => formatValue(value, "bytes"),
    ),
    numberColumn("rows", "Rows", ({ rows }) => rows, formatCount),
    numberColumn("items", "Items", ({ items }) => items, formatCount),
    { ...time("created", "Written", ({ createdMs }) => createdMs), onPhone: false },
    { key: "id", title: "Id", minWidth: 120, onPhone: false, value: ({ id }) => id },
  ];
}

function Detail({ block, zone }: { readonly block: BlockRow; readonly zone: string }) {
  const url = useStorage(0).data?.url;
  const address = url === undefined ? block.key : blockAddress(url, block.key);
  const sql = blockSql(block, address);
  const facts: readonly (readonly [string, string])[] = [
    ["Signal", `${block.signal}, ${tierName(block)}`],
    ["Tenant", block.tenant],
    ["From", formatDateTime(block.minMs, zone)],
    ["To", formatDateTime(block.maxMs, zone)],
    ["Written", formatDateTime(block.createdMs, zone)],
    ["Size", `${formatValue(block.bytes, "bytes")} (${formatCount(block.bytes)} bytes)`],
    ["Rows", formatCount(block.rows)],
    [
      "Items",
      `${formatCount(block.items)}, ${(block.bytes / Math.max(1, block.items)).toFixed(2)} bytes each`,
    ],
    ["Exemplars", formatCount(block.exemplars)],
    ["Id", block.id],
  ];
  return (
    <div className="enrol">
      <dl className="facts">
        {facts.map(([name, text]) => (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd className="anywhere">{text}</dd>
          </div>
        ))}
      </dl>
      <h3>File</h3>
      <div className="command">
        <pre tabIndex={0}>{address}</pre>
        <CopyButton label="Copy the path" text={address} />
      </div>
      <h3>Read it with DuckDB</h3>
      <div className="command">
        <pre tabIndex={0}>{sql}</pre>
        <CopyButton label="Copy the SQL" text={sql} />
      </div>
    </div>
  );
}
