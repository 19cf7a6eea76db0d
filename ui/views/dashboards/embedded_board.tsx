import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { messageOf } from "#shared/errors.ts";
import { valuesOf } from "../../dashboards/model/variables.ts";
import { usePageRange } from "../../state/page_range.ts";
import { windowOf, zoomedOut } from "../../state/time_range.ts";
import { Corner, Empty, Picture, Skeleton } from "../../widgets/picture.tsx";
import { BoardContext, type Board } from "./state/board_context.ts";
import { BoardRows } from "./grid/board_rows.tsx";
import { PanelView } from "./grid/panel_view.tsx";
import { useAnswerStore, useRunScope } from "./state/use_board.ts";
import { useOpened } from "./state/use_opened.ts";
import { useLate } from "./state/use_late.ts";
import { useVariables } from "./state/use_variables.ts";

type Props = {
  readonly uid: string;
  /** What is chosen of its variables, by name; it can't be changed here. */
  readonly chosen: ReadonlyMap<string, readonly string[]>;
};

/** The panels of a dashboard within another page, over that page's range. */
export function EmbeddedBoard({ uid, chosen }: Props) {
  const { file, opened } = useOpened(uid);
  return (
    <Picture query={file} skeleton={<Skeleton rows={3} height={200} />}>
      {() =>
        opened.isError ? (
          <Empty title="This dashboard can't be shown">{messageOf(opened.error)}.</Empty>
        ) : opened.data === undefined ? (
          <Skeleton rows={3} height={200} />
        ) : (
          <Panels key={uid} uid={uid} dashboard={opened.data.dashboard} chosen={chosen} />
        )
      }
    </Picture>
  );
}

function Panels({ uid, dashboard, chosen }: Props & { readonly dashboard: Dashboard }) {
  const { range, intervalMs, timeZone } = usePageRange();
  const variables = useVariables({ uid, dashboard, chosen, range, timeZone });
  const scope = useRunScope(uid, dashboard, variables.states, range, timeZone);
  const { store, nowMs } = useAnswerStore(intervalMs === 0 ? 0 : Math.max(intervalMs, 5_000));
  const { turned, turn } = useTurned();
  const values = useMemo(() => valuesOf(variables.states ?? new Map()), [variables.states]);
  const board = useFixedBoard({ uid, dashboard, store, scope, nowMs });
  const search = Object.fromEntries(
    [...chosen].map(([name, chosenOf]) => [`var-${name}`, chosenOf]),
  );
  return (
    <div className="embedded-board">
      <div className="toolbar">
        <span className="quiet">{dashboard.description}</span>
        {variables.error !== null && (
          <Corner state="failed" detail={messageOf(variables.error)}>
            variables: {messageOf(variables.error)}
          </Corner>
        )}
        <Link
          className="button"
          to="/dashboards/$uid"
          params={{ uid }}
          search={(now: Record<string, unknown>) => ({ ...now, ...search, tab: undefined })}
        >
          Open the dashboard
        </Link>
      </div>
      {variables.states === undefined ? (
        <Skeleton rows={3} height={200} />
      ) : (
        <BoardContext value={board}>
          <BoardRows dashboard={dashboard} variables={values} turned={turned} onTurn={turn}>
            {(shown) => <PanelView panel={shown.panel} scoped={shown.scoped} />}
          </BoardRows>
        </BoardContext>
      )}
    </div>
  );
}

/** What the panels share, where nothing but the range can be changed. */
function useFixedBoard({
  uid,
  dashboard,
  store,
  scope,
  nowMs,
}: Pick<Board, "uid" | "dashboard" | "store" | "scope" | "nowMs">): Board {
  const { range, setRange, intervalMs } = usePageRange();
  const late = useLate(intervalMs);
  return useMemo(
    (): Board => ({
      uid,
      dashboard,
      store,
      scope,
      nowMs,
      annotations: [],
      late,
      isEditing: false,
      onZoom: (startMs, endMs) =>
        setRange({ from: String(Math.round(startMs)), to: String(Math.round(endMs)) }),
      onZoomOut: () => {
        const window = windowOf(range, Date.now());
        if (window !== undefined) setRange(zoomedOut(window, Date.now()));
      },
      onFilter: undefined,
      onAnnotate: undefined,
    }),
    [uid, dashboard, store, scope, nowMs, late, setRange, range],
  );
}

/** Rows that were opened or closed by hand. */
function useTurned() {
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const turn = (key: string): void =>
    setTurned((now) => {
      const next = new Set(now);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  return { turned, turn };
}
