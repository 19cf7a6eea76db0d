import {
  acceptCompletion,
  closeBracketsKeymap,
  closeCompletion,
  completionStatus,
  selectedCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, historyKeymap, insertNewlineAndIndent } from "@codemirror/commands";
import { Prec, type Extension } from "@codemirror/state";
import { type Command, type EditorView, keymap } from "@codemirror/view";

type Keys = {
  readonly run: (text: string) => void;
  readonly past: () => readonly string[];
  readonly lines: boolean;
};

/**
 * Enter runs (or takes the chosen completion), Shift-Enter makes a line, Alt-Up and Alt-Down go through texts of before.
 * Tab stays the browser's: nobody is caught in an editor.
 */
export function editorKeys({ run, past, lines }: Keys): Extension {
  const runNow: Command = (view) => {
    closeCompletion(view);
    run(view.state.doc.toString());
    return true;
  };
  const own = [
    { key: "Mod-Enter", run: runNow, preventDefault: true },
    ...(lines
      ? []
      : [
          // A list that has only just opened was not seen yet, and takes nothing: then what was typed is run.
          {
            key: "Enter",
            run: (view: EditorView) => (choosing(view) && acceptCompletion(view)) || runNow(view),
          },
          { key: "Shift-Enter", run: insertNewlineAndIndent },
          ...pastKeys(past),
        ]),
  ];
  return [
    Prec.highest(keymap.of(own)),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
  ];
}

/** Whether Enter would change something by taking the chosen completion. */
function choosing(view: EditorView): boolean {
  if (completionStatus(view.state) !== "active") return false;
  const chosen = selectedCompletion(view.state);
  if (chosen === null) return false;
  const { head } = view.state.selection.main;
  return view.state.sliceDoc(Math.max(0, head - chosen.label.length), head) !== chosen.label;
}

/** Walks from what is being written into the past and back; writing anything starts anew. */
function pastKeys(past: () => readonly string[]) {
  let at = -1;
  let shown = "";
  let draft = "";
  const step =
    (by: 1 | -1): Command =>
    (view) => {
      const now = view.state.doc.toString();
      if (at < 0 || now !== shown) {
        at = -1;
        draft = now;
      }
      const texts = past().filter((text) => text !== draft);
      const next = Math.min(at + by, texts.length - 1);
      if (next === at || next < -1) return true;
      at = next;
      shown = at < 0 ? draft : (texts[at] ?? "");
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: shown },
        selection: { anchor: shown.length },
      });
      return true;
    };
  return [
    { key: "Alt-ArrowUp", run: step(1) },
    { key: "Alt-ArrowDown", run: step(-1) },
  ];
}
