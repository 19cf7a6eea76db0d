import type { UseQueryResult } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { messageOf } from "#shared/errors.ts";
import { removeRecurring, type RecurringRow } from "../../../client/alerts/recurring.ts";
import { Ago } from "../../../elements/ago.tsx";
import { ConfirmDialog } from "../../../overlays/dialog.tsx";
import { showToast } from "../../../overlays/toast.ts";
import { phoneQuery, useMedia, useNow } from "../../../state/media.ts";
import { formatAgo } from "../../../units/format.ts";
import { Empty, Picture, Skeleton } from "../../../widgets/picture.tsx";
import type { RowColumn } from "../../../widgets/row_columns.ts";
import { RowTable } from "../../../widgets/row_table.tsx";
import { recurrenceWords } from "./recurrence_words.ts";
import { matchersText } from "./silence_draft.ts";
import { useSilenceChanges } from "./use_silence_changes.ts";

type Props = {
  readonly query: UseQueryResult<readonly RecurringRow[]>;
  readonly onOpen: (id: string) => void;
};

/** Recurring silences with their next window. */
export function RecurringList({ query, onOpen }: Props) {
  const nowMs = useNow(5_000);
  const [removed, setRemoved] = useState<RecurringRow>();
  const isPhone = useMedia(phoneQuery);
  const columns = useMemo(
    () => recurringColumns({ nowMs, isPhone }, setRemoved, ({ id }) => onOpen(id)),
    [nowMs, isPhone, onOpen],
  );
  return (
    <>
      <Picture query={query} skeleton={<Skeleton rows={4} height={28} />}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No recurring silences">
              A recurring silence holds back notifications in each of its windows, such as a
              maintenance each Sunday night.
            </Empty>
          ) : (
            <RowTable id="recurring" label="Recurring silences" rows={rows} columns={columns} />
          )
        }
      </Picture>
      {removed !== undefined && (
        <RemoveDialog row={removed} onClose={() => setRemoved(undefined)} />
      )}
    </>
  );
}

function RemoveDialog({
  row,
  onClose,
}: {
  readonly row: RecurringRow;
  readonly onClose: () => void;
}) {
  const { change } = useSilenceChanges(onClose);
  const remove = async (): Promise<void> => {
    try {
      await removeRecurring(row.id);
    } catch (thrown) {
      showToast({ state: "bad", title: "It was not removed", detail: messageOf(thrown) });
      throw thrown;
    }
  };
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title="Remove this recurring silence"
      text={`${recurrenceWords(row)}: a window that is in force ends now.`}
      verb="Remove"
      danger
      onConfirm={() => void change(remove, "The recurring silence is removed")}
    />
  );
}

function nextOf({ occurrences }: RecurringRow, nowMs: number): number | undefined {
  return occurrences.find(({ endMs }) => endMs > nowMs)?.startMs;
}

function recurringColumns(
  { nowMs, isPhone }: { readonly nowMs: number; readonly isPhone: boolean },
  onRemove: (row: RecurringRow) => void,
  onChange: (row: RecurringRow) => void,
): RowColumn<RecurringRow>[] {
  return [
    {
      key: "when",
      title: "When",
      // On a phone the buttons fit beside it.
      minWidth: isPhone ? 200 : 340,
      isName: true,
      value: recurrenceWords,
      cell: (row) => (isPhone ? <WhenAndWhat row={row} /> : recurrenceWords(row)),
    },
    {
      key: "next",
      title: "Next window",
      isTime: true,
      width: 112,
      onPhone: false,
      value: (row) => nextOf(row, nowMs) ?? 0,
      text: (row) => nextText(row, nowMs),
      cell: (row) => {
        const startMs = nextOf(row, nowMs);
        if (startMs === undefined || startMs <= nowMs) return nextText(row, nowMs);
        return <Ago ms={startMs} nowMs={nowMs} />;
      },
    },
    {
      key: "matchers",
      title: "Matchers",
      minWidth: 180,
      // A phone shows them below the times.
      onPhone: false,
      value: ({ matchers }) => matchersText(matchers),
      cell: ({ matchers }) => <code className="clip">{matchersText(matchers)}</code>,
    },
    { key: "by", title: "By", width: 100, onPhone: false, value: ({ createdBy }) => createdBy },
    {
      key: "comment",
      title: "Comment",
      minWidth: 140,
      onPhone: false,
      value: ({ comment }) => comment,
    },
    {
      key: "change",
      title: "Change",
      width: 140,
      value: () => "",
      text: () => "",
      cell: (row) => (
        <span className="silence-verbs">
          <button type="button" className="link" onClick={() => onChange(row)}>
            Change
          </button>
          <button type="button" className="link" onClick={() => onRemove(row)}>
            Remove
          </button>
        </span>
      ),
    },
  ];
}

function WhenAndWhat({ row }: { readonly row: RecurringRow }) {
  return (
    <span className="two-lines">
      <span className="clip">{recurrenceWords(row)}</span>
      <code className="clip">{matchersText(row.matchers)}</code>
    </span>
  );
}

function nextText(row: RecurringRow, nowMs: number): string {
  const startMs = nextOf(row, nowMs);
  if (startMs === undefined) return "none";
  return startMs <= nowMs ? "in force" : formatAgo(startMs, nowMs);
}
