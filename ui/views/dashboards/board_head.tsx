import { useId, useState } from "react";
import { messageOf } from "#shared/errors.ts";
import type { DashboardRow } from "../../client/dashboard_service.ts";
import { useSearchChange } from "../../state/page_range.ts";
import { phoneQuery, useMedia } from "../../state/media.ts";
import { Icon } from "../../elements/icon.tsx";
import { Corner } from "../../widgets/picture.tsx";
import { queryErrorText } from "../../widgets/query_error.ts";
import { AlertMarksMenu } from "../../panels/alert_marks/alert_marks_menu.tsx";
import { AnnotationToggles } from "./variables/annotation_toggles.tsx";
import type { Board } from "./state/board_context.ts";
import { BoardTools } from "./board_tools.tsx";
import { DashboardLinks } from "./dashboard_links.tsx";
import type { Editor } from "./state/use_editor.ts";
import { hasFailed, type Variables, type VariableStates } from "./state/use_variables.ts";
import { VariablesBar } from "./variables/variables_bar.tsx";
import { headParts } from "./variables/variables_summary.ts";

type Props = {
  /** Empty for a new one. */
  readonly uid: string;
  readonly row: DashboardRow | undefined;
  readonly editor: Editor;
  readonly isEditing: boolean;
  /** How much could not be carried over from another format. */
  readonly notes: number;
  readonly state: {
    readonly board: Pick<Board, "store">;
    readonly variables: Variables;
    /** Names of the annotations that are not shown. */
    readonly hidden: ReadonlySet<string>;
    readonly annotationsError: unknown;
  };
};

/**
 * The variables of a dashboard, and what can be done with it. On a phone, where they would take the screen from the panels,
 * variables, annotations and links stand behind one button that says what is chosen.
 */
export function BoardHead(props: Props) {
  const { uid, row, editor, isEditing, notes, state } = props;
  const { hidden, annotationsError } = state;
  const { states, error } = state.variables;
  const parts = states === undefined ? [] : headParts(editor.dashboard, states.values(), hidden);
  const isFolded = useMedia(phoneQuery) && parts.length > 1;
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const bar = states !== undefined && (!isFolded || isOpen) && (
    <Bar {...props} id={id} states={states} />
  );
  return (
    <div className="board-head">
      {isFolded ? (
        <button
          type="button"
          className="button variables-toggle"
          aria-expanded={isOpen}
          aria-controls={isOpen ? id : undefined}
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={hasFailed(states) ? "warning" : "filter"} />
          <span className="clip">{parts[0]}</span>
          <span className="more">· {parts.length - 1} more</span>
          <Icon name="chevron" />
        </button>
      ) : (
        bar
      )}
      {error !== null && error !== undefined && (
        <Corner state="failed" detail={messageOf(error)}>
          variables: {messageOf(error)}
        </Corner>
      )}
      {annotationsError !== undefined && (
        <Corner state="partial" detail={queryErrorText(annotationsError)}>
          annotations: {queryErrorText(annotationsError)}
        </Corner>
      )}
      <BoardTools
        uid={uid}
        row={row}
        editor={editor}
        isEditing={isEditing}
        notes={notes}
        onRefresh={() => state.board.store.refresh(true)}
      />
      {isFolded && bar}
    </div>
  );
}

function Bar({
  id,
  uid,
  editor,
  state: { hidden },
  states,
}: Props & { readonly id: string; readonly states: VariableStates }) {
  const change = useSearchChange();
  const { dashboard } = editor;
  return (
    <VariablesBar
      id={id}
      states={states}
      onChoose={(name, values) => change({ [`var-${name}`]: values }, { replace: false })}
    >
      <AnnotationToggles dashboard={dashboard} hidden={hidden} />
      <AlertMarksMenu />
      <DashboardLinks links={dashboard.links} uid={uid} states={states} />
    </VariablesBar>
  );
}
