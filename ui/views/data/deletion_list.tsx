import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { messageOf } from "#shared/errors.ts";
import { cancelDeletion, type DeletionRow } from "../../client/storage/deletions.ts";
import { deletionsKey, useDeletions } from "../../queries/storage.ts";
import { ConfirmDialog } from "../../overlays/dialog.tsx";
import { showToast } from "../../overlays/toast.ts";
import { formatAgo, formatCount, formatDateTime } from "../../units/format.ts";
import { useNow } from "../../state/media.ts";
import { useTimeZone } from "../../state/time_zone.ts";
import { Ago } from "../../elements/ago.tsx";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";

/** Requests to delete stored items; those that have not started can be taken back. Nothing where there are none. */
export function DeletionList({ everyMs }: { readonly everyMs: number }) {
  const queries = useQueryClient();
  const nowMs = useNow(10_000);
  const timeZone = useTimeZone();
  const deletions = useDeletions(everyMs);
  const [asked, setAsked] = useState<DeletionRow>();
  const columns = useMemo(
    () => deletionColumns({ nowMs, timeZone, onCancel: setAsked }),
    [nowMs, timeZone],
  );
  const cancel = async (request: DeletionRow): Promise<void> => {
    try {
      await cancelDeletion(request);
      showToast({ state: "good", title: "Deletion cancelled" });
    } catch (thrown) {
      showToast({ state: "bad", title: "Deletion not cancelled", detail: messageOf(thrown) });
    }
    await queries.invalidateQueries({ queryKey: deletionsKey });
  };
  const rows = deletions.data ?? [];
  if (rows.length === 0) return null;
  return (
    <section className="block" aria-label="Deletions">
      <h2>Deletions</h2>
      <RowTable id="deletions" label="Deletions" rows={rows} columns={columns} heightMax={320} />
      {asked !== undefined && (
        <ConfirmDialog
          open
          onOpenChange={() => setAsked(undefined)}
          title={`Cancel the deletion of ${asked.signal}`}
          text={`Queries find what ${asked.query} deleted again.`}
          verb="Cancel deletion"
          onConfirm={() => void cancel(asked)}
        />
      )}
    </section>
  );
}

type Showing = {
  readonly nowMs: number;
  readonly timeZone: string;
  readonly onCancel: (request: DeletionRow) => void;
};

function deletionColumns({ nowMs, timeZone, onCancel }: Showing): RowColumn<DeletionRow>[] {
  const time = (ms: number | undefined): string =>
    ms === undefined ? "–" : formatDateTime(ms, timeZone);
  return [
    { key: "signal", title: "Signal", width: 84, value: ({ signal }) => signal },
    { key: "query", title: "Query", minWidth: 200, isName: true, value: ({ query }) => query },
    {
      key: "from",
      title: "From",
      isTime: true,
      width: 170,
      onPhone: false,
      value: ({ startMs }) => startMs,
      text: ({ startMs }) => time(startMs),
    },
    {
      key: "to",
      title: "To",
      isTime: true,
      width: 170,
      onPhone: false,
      value: ({ endMs }) => endMs,
      text: ({ endMs }) => time(endMs),
    },
    {
      key: "asked",
      title: "Requested",
      isTime: true,
      width: 110,
      value: ({ createdMs }) => createdMs,
      text: ({ createdMs }) => formatAgo(createdMs, nowMs),
      cell: ({ createdMs }) => <Ago ms={createdMs} nowMs={nowMs} />,
    },
    { key: "actor", title: "By", width: 110, onPhone: false, value: ({ actor }) => actor },
    {
      key: "status",
      title: "Status",
      width: 110,
      value: ({ status, fault }) => (fault === "" ? status : `not applied: ${fault}`),
    },
    {
      key: "removed",
      title: "Removed",
      isNumber: true,
      width: 100,
      value: ({ removed }) => removed,
      text: ({ removed }) => formatCount(removed),
    },
    {
      key: "cancel",
      title: "Cancel",
      width: 90,
      value: () => "",
      text: () => "",
      cell: (request) =>
        request.status === "received" && (
          <button type="button" className="link" onClick={() => onCancel(request)}>
            Cancel
          </button>
        ),
    },
  ];
}
