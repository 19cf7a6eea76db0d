import { linter, type Diagnostic } from "@codemirror/lint";
import { StateEffect, StateField, type Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { errorPosition, errorStretch } from "../client/error_position.ts";

/** Sets why the server refused the text, or takes it back. */
export const setServerError = StateEffect.define<string | undefined>();

/** Holds until the text changes: the position is of the text that was sent. */
const serverError = StateField.define<string | undefined>({
  create: () => undefined,
  update(error, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setServerError)) return effect.value;
    }
    return transaction.docChanged ? undefined : error;
  },
});

/** What is wrong by the text alone. */
export type Analyse = (view: EditorView) => readonly Diagnostic[] | Promise<readonly Diagnostic[]>;

/** Marks of two origins in one layer: what the text shows by itself, and what the server answered. */
export function marks(analyse: Analyse): Extension {
  return [
    serverError,
    linter(
      (view) => {
        const refused = serverMark(view);
        return refused === undefined ? analyse(view) : [refused];
      },
      {
        delay: 400,
        needsRefresh: (update) =>
          update.startState.field(serverError) !== update.state.field(serverError),
      },
    ),
  ];
}

function serverMark(view: EditorView): Diagnostic | undefined {
  const message = view.state.field(serverError);
  const position = message === undefined ? undefined : errorPosition(message);
  if (message === undefined || position === undefined) return undefined;
  const { from, to } = errorStretch(view.state.doc.toString(), position);
  return { from, to, severity: "error", message };
}
