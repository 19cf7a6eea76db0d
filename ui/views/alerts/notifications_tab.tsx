import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { NotificationRow } from "../../client/alertmanager.ts";
import { Ago } from "../../elements/ago.tsx";
import { Button } from "../../elements/buttons.tsx";
import { Fact } from "../../elements/fact.tsx";
import { Sheet } from "../../overlays/sheet.tsx";
import { useNotifications } from "../../queries/alerts.ts";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { useNow } from "../../state/media.ts";
import { formatAgo } from "../../units/format.ts";
import { Corner, Empty, Failed, Skeleton } from "../../widgets/picture.tsx";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";
import { OutcomeWord, outcomeText } from "./outcome_word.tsx";

const route = getRouteApi("/alerts");

/** Each notification of the last 90 days: to whom, why, and what the service answered. */
export function NotificationsTab() {
  const { open } = route.useSearch();
  const change = useSearchChange();
  const { intervalMs } = usePageRange();
  const pages = useNotifications(intervalMs);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows), [pages.data]);
  const nowMs = useNow(5_000);
  const columns = useMemo(() => notificationColumns(nowMs), [nowMs]);
  const opened = rows?.find(({ id }) => id === open);
  if (rows === undefined)
    return pages.isError ? <Failed error={pages.error} /> : <Skeleton rows={10} height={28} />;
  if (rows.length === 0)
    return (
      <Empty title="No notifications yet">
        Receivers and routes are in Alertmanager&apos;s configuration file: name it under{" "}
        <code>alertmanager.config_file</code> in lapwing.yaml.
      </Empty>
    );
  return (
    <>
      <div className="toolbar">
        {pages.isError && (
          <Corner state="failed" detail={pages.error.message}>
            not refreshed: {pages.error.message}
          </Corner>
        )}
      </div>
      <RowTable
        id="notifications"
        label="Notifications"
        rows={rows}
        columns={columns}
        onRow={({ id }) => change({ open: id })}
      />
      {pages.hasNextPage && (
        <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Load more
        </Button>
      )}
      {opened !== undefined && (
        <Sheet open onOpenChange={() => change({ open: "" })} title="Notification" size="wide">
          <Detail row={opened} nowMs={nowMs} />
        </Sheet>
      )}
    </>
  );
}

function namesOf({ alerts }: NotificationRow): string {
  return [...new Set(alerts.map(({ labels }) => labels["alertname"] ?? ""))].join(", ");
}

function notificationColumns(nowMs: number): RowColumn<NotificationRow>[] {
  return [
    {
      key: "time",
      title: "Time",
      isTime: true,
      width: 112,
      value: ({ createdMs }) => createdMs,
      text: ({ createdMs }) => formatAgo(createdMs, nowMs),
      cell: ({ createdMs }) => <Ago ms={createdMs} nowMs={nowMs} />,
    },
    {
      key: "outcome",
      title: "Outcome",
      width: 116,
      value: ({ state }) => outcomeText(state),
      cell: (row) => <OutcomeWord state={row.state} />,
    },
    {
      key: "alerts",
      title: "Alerts",
      minWidth: 160,
      isName: true,
      value: namesOf,
      text: (row) => `${namesOf(row)} (${row.alertCount})`,
    },
    { key: "status", title: "Status", width: 96, onPhone: false, value: ({ status }) => status },
    { key: "receiver", title: "Receiver", minWidth: 110, value: ({ receiver }) => receiver },
    {
      key: "integration",
      title: "Channel",
      minWidth: 110,
      onPhone: false,
      value: ({ integration }) => integration,
    },
    {
      key: "reason",
      title: "Reason",
      minWidth: 150,
      onPhone: false,
      value: ({ reason }) => reason,
    },
    {
      key: "attempts",
      title: "Attempts",
      isNumber: true,
      width: 92,
      onPhone: false,
      value: ({ attempts }) => attempts,
    },
    {
      key: "answer",
      title: "Answer",
      minWidth: 160,
      onPhone: false,
      value: ({ failure, answer }) => [failure, answer].filter(Boolean).join(": "),
    },
  ];
}

function Detail({ row, nowMs }: { readonly row: NotificationRow; readonly nowMs: number }) {
  const left = row.alertCount - row.alerts.length;
  return (
    <>
      <dl className="facts alert-facts">
        <Fact name="Outcome">
          <OutcomeWord state={row.state} />
        </Fact>
        <Fact name="Receiver">{row.receiver}</Fact>
        <Fact name="Channel">{row.integration}</Fact>
        <Fact name="Reason">{row.reason}</Fact>
        <Fact name="Created">
          <Ago ms={row.createdMs} nowMs={nowMs} />
        </Fact>
        {row.settledMs !== undefined && (
          <Fact name="Settled">
            <Ago ms={row.settledMs} nowMs={nowMs} />
          </Fact>
        )}
        <Fact name="Attempts">{row.attempts}</Fact>
      </dl>
      {(row.failure !== "" || row.answer !== "") && (
        <pre className="rule-query">{[row.failure, row.answer].filter(Boolean).join("\n")}</pre>
      )}
      <section className="block" aria-label="Group">
        <h3>Group</h3>
        <code className="anywhere">{row.groupKey}</code>
      </section>
      <section className="block" aria-label="Alerts">
        <h3>Alerts</h3>
        <ul className="notified-alerts">
          {row.alerts.map(({ labels }, i) => (
            <li key={i} className="alert-labels">
              {Object.entries(labels).map(([name, value]) => (
                <code key={name}>
                  {name}={value}
                </code>
              ))}
            </li>
          ))}
          {left > 0 && <li className="quiet">and {left} more</li>}
        </ul>
      </section>
    </>
  );
}
