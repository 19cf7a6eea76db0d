import { createContext, useContext } from "react";
import { assert } from "#shared/assert.ts";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import type { ChartAnnotation } from "../../../plot/time_shared.ts";
import type { AnswerStore } from "../../../dashboards/runner/answer_store.ts";
import type { Late } from "../../../dashboards/runner/late.ts";
import type { RunScope } from "../../../dashboards/runner/question.ts";

/** What all panels of an open dashboard share. */
export type Board = {
  readonly uid: string;
  readonly dashboard: Dashboard;
  readonly store: AnswerStore;
  readonly scope: RunScope;
  /** Changes with each refresh: what depends on the present is told anew. */
  readonly nowMs: number;
  readonly annotations: readonly BoardAnnotation[];
  /** What is known not to have arrived yet. */
  readonly late: Late;
  readonly isEditing: boolean;
  readonly onZoom: (startMs: number, endMs: number) => void;
  readonly onZoomOut: () => void;
  readonly onFilter: ((label: string, op: "=" | "!=", value: string) => void) | undefined;
  readonly onAnnotate:
    | ((panel: number, startMs: number, endMs: number | undefined) => void)
    | undefined;
};

/** Of which panels; all where there are none. */
export type BoardAnnotation = ChartAnnotation & { readonly panels: readonly number[] };

export const BoardContext = createContext<Board | undefined>(undefined);

export function useBoard(): Board {
  const board = useContext(BoardContext);
  assert(board !== undefined, "panels render inside BoardContext");
  return board;
}
