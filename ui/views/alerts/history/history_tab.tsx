import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { HistoryPage, HistoryRow } from "../../../client/alerts/alert_history.ts";
import { Button } from "../../../elements/buttons.tsx";
import { Select } from "../../../overlays/select.tsx";
import { useAlertHistory } from "../../../queries/alerts.ts";
import { usePageRange, useSearchChange } from "../../../state/page_range.ts";
import { useNow } from "../../../state/media.ts";
import { formatCount, formatMoment } from "../../../units/format.ts";
import { Corner, Empty, Failed, Skeleton } from "../../../widgets/picture.tsx";
import { FilterBox } from "../../../widgets/filter_box.tsx";
import { RowTable } from "../../../widgets/row_table.tsx";
import { readMatchers } from "../../../promql/label_conditions.ts";
import { choiceNames, filterOf, historyChoices, historyDays } from "./history_choices.ts";
import { historyColumns } from "./history_columns.tsx";

const route = getRouteApi("/alerts");
const dayMs = 86_400_000;
/** The oldest time that is asked for moves in steps, so that refreshes ask the same. */
const stepMs = 3_600_000;
const choices = historyChoices.map((value) => ({ value, label: choiceNames[value] }));
const spans = historyDays.map((value) => ({
  value,
  label: value === "1" ? "1 day" : `${value} days`,
}));

/** Each change of each alert, and each notification, of the last 90 days. */
export function HistoryTab() {
  const { only = "all", days = "7", q = "" } = route.useSearch();
  const { intervalMs } = usePageRange();
  const change = useSearchChange();
  const nowMs = useNow(5_000);
  const fault = q.trim() === "" ? undefined : faultOf(q);
  const fromMs = Math.floor(nowMs / stepMs) * stepMs - Number(days) * dayMs;
  const filter = fault === undefined ? q.trim() : "";
  const pages = useAlertHistory({ ...filterOf(only), filter, fromMs }, intervalMs);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows), [pages.data]);
  return (
    <>
      <div className="toolbar">
        <FilterBox label="Matchers" value={q} onChange={(text) => change({ q: text })} />
        <Select
          label="Show"
          value={only}
          options={choices}
          onChange={(next) => change({ only: next === "all" ? "" : next })}
        />
        <Select
          label="Of the last"
          showLabel
          value={days}
          options={spans}
          onChange={(next) => change({ days: next })}
        />
        {pages.isError && rows !== undefined && (
          <Corner state="failed" detail={pages.error.message}>
            not refreshed: {pages.error.message}
          </Corner>
        )}
      </div>
      {fault !== undefined && <p className="field-fault">{fault}</p>}
      {rows === undefined ? (
        <Unanswered error={pages.isError ? pages.error : undefined} />
      ) : (
        <Rows rows={rows} isFiltered={filter !== "" || only !== "all"} nowMs={nowMs} />
      )}
      {pages.hasNextPage && (
        <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Load more
        </Button>
      )}
      <Deleted page={pages.data?.pages[0]} />
    </>
  );
}

function faultOf(text: string): string | undefined {
  return readMatchers(text) === undefined
    ? `Matchers ${JSON.stringify(text)}: expected name="value", joined by commas`
    : undefined;
}

function Unanswered({ error }: { readonly error: unknown }) {
  return error === undefined ? <Skeleton rows={10} height={28} /> : <Failed error={error} />;
}

function Rows({
  rows,
  isFiltered,
  nowMs,
}: {
  readonly rows: readonly HistoryRow[];
  readonly isFiltered: boolean;
  readonly nowMs: number;
}) {
  const change = useSearchChange();
  const columns = useMemo(() => historyColumns(nowMs), [nowMs]);
  if (rows.length > 0)
    return <RowTable id="alert_history" label="History" rows={rows} columns={columns} />;
  return isFiltered ? (
    <Empty title="Nothing matches">
      <button type="button" className="link" onClick={() => change({ q: "", only: "" })}>
        Clear the filters
      </button>
    </Empty>
  ) : (
    <Empty title="No history yet">
      Each change of an alert is listed here, and each notification with its outcome.
    </Empty>
  );
}

/** Says what is missing because the history was full. */
function Deleted({ page }: { readonly page: HistoryPage | undefined }) {
  const { timeZone } = usePageRange();
  return page?.deleted.map(({ kind, untilMs }) => (
    <p key={kind} className="state warn">
      The history keeps {formatCount(page.entriesMax)} {kind}: older ones, up to{" "}
      {formatMoment(untilMs, Date.now(), timeZone)}, were deleted. See alertmanager.history_max.
    </p>
  ));
}
