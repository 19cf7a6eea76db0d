import { useCallback, useMemo, useRef, useState } from "react";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import {
  changed,
  redone,
  startHistory,
  undone,
  type History,
} from "../../../dashboards/edit/history.ts";

/** Changes that are not saved yet. */
export type Editor = {
  readonly dashboard: Dashboard;
  readonly isDirty: boolean;
  /** The same at the moment of the call: after a save, before the page is drawn again. */
  readonly isDirtyNow: () => boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Changes of one `kind` in a row are one step back. */
  readonly change: (next: (now: Dashboard) => Dashboard, kind?: string) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  /** Starts anew from a document that is saved. */
  readonly reset: (saved: Dashboard) => void;
};

type State = { readonly history: History<Dashboard>; readonly saved: Dashboard };

/** A dashboard with undo. Where `saved` is replaced by another document, it is taken over unless something was changed. */
export function useEditor(saved: Dashboard): Editor {
  const [state, setState] = useState<State>({ history: startHistory(saved), saved });
  const [seen, setSeen] = useState(saved);
  if (seen !== saved) {
    setSeen(saved);
    if (state.history.present === state.saved) setState({ history: startHistory(saved), saved });
  }
  const { present, past, future } = state.history;
  const walk = useCallback(
    (step: (history: History<Dashboard>) => History<Dashboard>) =>
      setState((now) => ({ ...now, history: step(now.history) })),
    [],
  );
  const change = useCallback(
    (next: (now: Dashboard) => Dashboard, kind?: string) =>
      walk((history) => changed(history, next(history.present), kind)),
    [walk],
  );
  const dirty = useRef(false);
  dirty.current = present !== state.saved;
  const isDirtyNow = useCallback(() => dirty.current, []);
  const reset = useCallback((document: Dashboard) => {
    dirty.current = false;
    setState({ history: startHistory(document), saved: document });
  }, []);
  return useMemo(
    () => ({
      dashboard: present,
      isDirty: present !== state.saved,
      isDirtyNow,
      canUndo: past.length > 0,
      canRedo: future.length > 0,
      change,
      undo: () => walk(undone),
      redo: () => walk(redone),
      reset,
    }),
    [present, state.saved, past.length, future.length, change, walk, reset, isDirtyNow],
  );
}
