import { useMemo } from "react";
import type { EventRow } from "../../client/event_service.ts";
import { formatAgo, formatDateTime } from "../../plot/format.ts";
import { useNow } from "../../state/media.ts";
import { useTimeZone } from "../../state/time_zone.ts";
import { Icon } from "../../widgets/icon.tsx";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";

type Props = { readonly events: readonly EventRow[]; readonly truncated: boolean };

const tones = { error: "bad", warning: "warn", info: "quiet" } as const;

/** What changed of an agent, the newest first. */
export function EventTable({ events, truncated }: Props) {
  const nowMs = useNow(10_000);
  const zone = useTimeZone();
  const columns = useMemo(
    (): RowColumn<EventRow>[] => [
      {
        key: "at",
        title: "When",
        isTime: true,
        width: 110,
        value: ({ atMs }) => atMs,
        text: ({ atMs }) => formatAgo(atMs, nowMs),
      },
      {
        key: "exact",
        title: "Time",
        width: 160,
        onPhone: false,
        value: ({ atMs }) => formatDateTime(atMs, zone),
      },
      {
        key: "text",
        title: "What",
        minWidth: 240,
        value: ({ text }) => text,
        cell: ({ level, text }) => (
          <span className={`state ${tones[level]}`}>
            <Icon name={level === "info" ? "info" : "warning"} />
            <span className="clip">{text}</span>
          </span>
        ),
      },
    ],
    [nowMs, zone],
  );
  return (
    <>
      <RowTable label="Events" rows={events} columns={columns} />
      {truncated && (
        <p className="quiet">There are older ones: choose a shorter range to see them.</p>
      )}
    </>
  );
}
