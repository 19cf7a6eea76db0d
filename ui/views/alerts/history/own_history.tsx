import { assertNever } from "#shared/assert.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { HistoryRow } from "../../../client/alerts/alert_history.ts";
import { Ago } from "../../../elements/ago.tsx";
import { InnerLink } from "../../../elements/inner_link.tsx";
import { useAlertHistory } from "../../../queries/alerts.ts";
import { usePageRange } from "../../../state/page_range.ts";
import { useNow } from "../../../state/media.ts";
import { stringifySearch } from "../../../state/url.ts";
import { Corner, Failed, Skeleton } from "../../../widgets/picture.tsx";
import { OutcomeWord } from "../outcome_word.tsx";
import { textOfLabels } from "../silences/silence_draft.ts";
import { ChangeWord } from "./change_word.tsx";
import { detailOf, valueText } from "./history_columns.tsx";

/** Of each kind: repeated notifications must not push changes out. */
const shownMax = 8;

/** What became of one alert lately, and whom that was sent to. */
export function OwnHistory({ labels }: { readonly labels: Labels }) {
  const { intervalMs } = usePageRange();
  const nowMs = useNow(5_000);
  const filter = textOfLabels(labels);
  const pages = useAlertHistory({ filter }, intervalMs);
  const rows = pages.data?.pages.flatMap((page) => page.rows);
  return (
    <section className="block" aria-label="History">
      <h3>History</h3>
      {rows === undefined && !pages.isError && <Skeleton rows={3} height={24} />}
      {rows === undefined && pages.isError && <Failed error={pages.error} />}
      {rows !== undefined && pages.isError && (
        <Corner state="failed" detail={pages.error.message}>
          not refreshed: {pages.error.message}
        </Corner>
      )}
      {rows?.length === 0 && <p className="quiet">Nothing is recorded yet</p>}
      <ul className="own-history">
        {newestOf(rows ?? []).map((row) => (
          <li key={row.id}>
            <Ago className="quiet" ms={row.atMs} nowMs={nowMs} />
            <Line row={row} />
          </li>
        ))}
      </ul>
      <InnerLink to={`/alerts${stringifySearch({ tab: "history", days: "90", q: filter })}`}>
        Show all of 90 days
      </InnerLink>
    </section>
  );
}

function newestOf(rows: readonly HistoryRow[]): readonly HistoryRow[] {
  const counts = { change: 0, notification: 0 };
  return rows.filter(({ kind }) => ++counts[kind] <= shownMax);
}

function Line({ row }: { readonly row: HistoryRow }) {
  switch (row.kind) {
    case "change": {
      const value = valueText(row);
      return (
        <>
          <ChangeWord state={row.state} />
          <span className="quiet">{value !== "" && `value ${value}`}</span>
        </>
      );
    }
    case "notification":
      return (
        <>
          <OutcomeWord state={row.state} />
          <span className="quiet anywhere">{detailOf(row)}</span>
        </>
      );
    default:
      return assertNever(row);
  }
}
