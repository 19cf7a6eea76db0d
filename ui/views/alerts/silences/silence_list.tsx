import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { messageOf } from "#shared/errors.ts";
import { expireSilence, type Silence } from "../../../client/alertmanager.ts";
import { Ago } from "../../../elements/ago.tsx";
import { ConfirmDialog } from "../../../overlays/dialog.tsx";
import { showToast } from "../../../overlays/toast.ts";
import { notifierKey, useSilences } from "../../../queries/alerts.ts";
import { usePageRange, useSearchChange } from "../../../state/page_range.ts";
import { phoneQuery, useMedia, useNow } from "../../../state/media.ts";
import { formatAgo } from "../../../units/format.ts";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../../widgets/picture.tsx";
import type { RowColumn } from "../../../widgets/row_columns.ts";
import { RowTable } from "../../../widgets/row_table.tsx";
import { matchersText } from "./silence_draft.ts";

/** Silences in force, planned ones, and those that ended within the last days. */
export function SilenceList() {
  const change = useSearchChange();
  const { intervalMs } = usePageRange();
  const silences = useSilences(intervalMs);
  const nowMs = useNow(5_000);
  const [ended, setEnded] = useState<Silence>();
  const isPhone = useMedia(phoneQuery);
  const columns = useMemo(
    () => silenceColumns({ nowMs, isPhone }, setEnded, ({ id }) => change({ open: id })),
    [nowMs, isPhone, change],
  );
  return (
    <>
      <RefreshCorner query={silences} />
      <Picture query={silences} skeleton={<Skeleton rows={6} height={28} />}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No silences">
              A silence holds back the notifications of alerts that it matches, for a time.
            </Empty>
          ) : (
            <RowTable id="silences" label="Silences" rows={rows} columns={columns} />
          )
        }
      </Picture>
      {ended !== undefined && <EndDialog silence={ended} onClose={() => setEnded(undefined)} />}
    </>
  );
}

function EndDialog({
  silence,
  onClose,
}: {
  readonly silence: Silence;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const end = async (): Promise<void> => {
    try {
      await expireSilence(silence.id);
      showToast({ state: "good", title: "The silence has ended" });
      await queries.invalidateQueries({ queryKey: notifierKey });
    } catch (thrown) {
      showToast({ state: "bad", title: "The silence has not ended", detail: messageOf(thrown) });
    }
  };
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title="End this silence"
      text={`Alerts that match ${matchersText(silence.matchers)} are notified again.`}
      verb="End silence"
      danger
      onConfirm={() => void end()}
    />
  );
}

function silenceColumns(
  { nowMs, isPhone }: { readonly nowMs: number; readonly isPhone: boolean },
  onEnd: (silence: Silence) => void,
  onChange: (silence: Silence) => void,
): RowColumn<Silence>[] {
  return [
    {
      key: "state",
      title: "State",
      width: 84,
      // A phone shows it below the matchers.
      onPhone: false,
      value: ({ state }) => state,
      cell: ({ state }) => <StateWord state={state} />,
    },
    {
      key: "matchers",
      title: "Matchers",
      // On a phone the end and the buttons fit beside it.
      minWidth: isPhone ? 140 : 170,
      isName: true,
      value: ({ matchers }) => matchersText(matchers),
      cell: (silence) => <Name silence={silence} hasState={isPhone} />,
    },
    {
      key: "starts",
      title: "Starts",
      isTime: true,
      width: 104,
      onPhone: false,
      value: ({ startsMs }) => startsMs,
      text: ({ startsMs }) => formatAgo(startsMs, nowMs),
      cell: ({ startsMs }) => <Ago ms={startsMs} nowMs={nowMs} />,
    },
    {
      key: "ends",
      title: "Ends",
      isTime: true,
      width: isPhone ? 94 : 104,
      value: ({ endsMs }) => endsMs,
      text: ({ endsMs }) => formatAgo(endsMs, nowMs),
      cell: ({ endsMs }) => <Ago ms={endsMs} nowMs={nowMs} />,
    },
    { key: "by", title: "By", width: 110, onPhone: false, value: ({ createdBy }) => createdBy },
    {
      key: "comment",
      title: "Comment",
      minWidth: 160,
      onPhone: false,
      value: ({ comment }) => comment,
    },
    {
      key: "change",
      title: "Change",
      width: isPhone ? 112 : 120,
      value: () => "",
      text: () => "",
      cell: (silence) => <Verbs {...{ silence, onChange, onEnd }} />,
    },
  ];
}

function StateWord({ state }: Pick<Silence, "state">) {
  return <span className={state === "active" ? "state good" : "quiet"}>{state}</span>;
}

function Name({
  silence: { matchers, annotations, state },
  hasState,
}: {
  readonly silence: Silence;
  readonly hasState: boolean;
}) {
  const text = <code className="clip">{matchersText(matchers)}</code>;
  const mark = annotations["recurrence"] !== undefined && (
    <span className="quiet recurring-mark">recurring</span>
  );
  if (!hasState)
    return (
      <>
        {text}
        {mark}
      </>
    );
  return (
    <span className="two-lines">
      {text}
      <span>
        <StateWord state={state} />
        {mark}
      </span>
    </span>
  );
}

function Verbs({
  silence,
  onChange,
  onEnd,
}: {
  readonly silence: Silence;
  readonly onChange: (silence: Silence) => void;
  readonly onEnd: (silence: Silence) => void;
}) {
  if (silence.state === "expired") return null;
  return (
    <span className="silence-verbs">
      <button type="button" className="link" onClick={() => onChange(silence)}>
        Change
      </button>
      <button type="button" className="link" onClick={() => onEnd(silence)}>
        End
      </button>
    </span>
  );
}
