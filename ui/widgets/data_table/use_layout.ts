import { functionalUpdate, type ColumnSizingState, type Updater } from "@tanstack/react-table";
import { useMemo } from "react";
import { phoneQuery, useMedia } from "../../state/media.ts";
import { columnWidths } from "./column_widths.ts";
import type { DataColumn } from "./data_column.ts";
import { unarranged, type Arranged } from "./arranged.ts";
import { useKeptLayout } from "./use_kept_layout.ts";

export type LayoutOptions = {
  /** By which what is arranged is kept; without it a reload forgets. `uid/5` for a panel of a dashboard. */
  readonly id?: string | undefined;
  readonly columns: readonly DataColumn[];
  readonly width: number;
  /** Keys of hidden columns; undefined for those that start hidden. */
  readonly hidden?: readonly string[] | undefined;
  /** Where the page keeps what is hidden. */
  readonly onHidden?: ((hidden: readonly string[] | undefined) => void) | undefined;
};

/** Pinned columns leave so much of the width to the others; where they would not, none is pinned. */
const pinnedShareMax = 0.6;

/** Which columns are shown, in which order, how wide and which are pinned: the state of it for the table, and its changes. */
export function useLayout(options: LayoutOptions) {
  const { columns, width, id } = options;
  const { arranged, setArranged, widths: resized, setWidths: setResized } = useKeptLayout(id);
  const { hidden, isStart, setHidden } = useHidden(options, arranged, setArranged);
  const columnOrder = useMemo(() => [...arranged.order], [arranged]);
  const shown = useMemo(
    () => columns.filter(({ key }) => !hidden.includes(key)),
    [columns, hidden],
  );
  const widths = useMemo(() => columnWidths(shown, resized, width), [shown, resized, width]);
  const pinned = usePinned(shown, widths, width);
  const columnVisibility = useMemo(
    () => Object.fromEntries(hidden.map((key) => [key, false])),
    [hidden],
  );
  // The library makes its columns and titles anew for each other object: while rows scroll these are the same.
  const columnPinning = useMemo(() => ({ start: pinned, end: [] }), [pinned]);
  return {
    shown,
    state: { columnOrder, columnVisibility, columnSizing: widths, columnPinning },
    /** Undefined where everything is as it is at first. */
    reset:
      isStart && columnOrder.length === 0 && Object.keys(resized).length === 0
        ? undefined
        : (): void => {
            setArranged(unarranged);
            options.onHidden?.(undefined);
            setResized({});
          },
    changes: {
      onColumnOrderChange: (updater: Updater<string[]>) =>
        setArranged({ ...arranged, order: functionalUpdate(updater, columnOrder) }),
      onColumnVisibilityChange: (updater: Updater<Record<string, boolean>>) => {
        const after = functionalUpdate(updater, columnVisibility);
        setHidden(Object.keys(after).filter((key) => after[key] === false));
      },
      // The table knows every width, the shares of the rest with them; only the one that was moved stays as it is.
      onColumnSizingChange: (updater: Updater<ColumnSizingState>) => {
        const after = Object.entries(functionalUpdate(updater, widths));
        const moved = after.filter(([key, px]) => px !== widths[key]);
        setResized({ ...resized, ...Object.fromEntries(moved) });
      },
    },
  };
}

function useHidden(
  { columns, hidden, onHidden }: LayoutOptions,
  arranged: Arranged,
  setArranged: (next: Arranged) => void,
) {
  const chosen = onHidden === undefined ? arranged.hidden : hidden;
  const start = useMemo(
    () => columns.filter(({ startsHidden }) => startsHidden === true).map(({ key }) => key),
    [columns],
  );
  const setHidden = (keys: readonly string[]): void => {
    const isStart = keys.length === start.length && keys.every((key) => start.includes(key));
    const next = isStart ? undefined : keys;
    if (onHidden === undefined) setArranged({ ...arranged, hidden: next });
    else onHidden(next);
  };
  return { hidden: chosen ?? start, isStart: chosen === undefined, setHidden };
}

function usePinned(
  shown: readonly DataColumn[],
  widths: Readonly<ColumnSizingState>,
  width: number,
): string[] {
  const isPhone = useMedia(phoneQuery);
  return useMemo(() => {
    const pinned = shown.filter(({ pin }) => pin === "always" || (pin === "phone" && isPhone));
    const px = pinned.reduce((sum, { key }) => sum + (widths[key] ?? 0), 0);
    return px > width * pinnedShareMax ? [] : pinned.map(({ key }) => key);
  }, [shown, widths, width, isPhone]);
}
