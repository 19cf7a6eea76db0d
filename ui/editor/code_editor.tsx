import { autocompletion, closeBrackets } from "@codemirror/autocomplete";
import { history } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightSpecialChars,
  placeholder as placeholderOf,
} from "@codemirror/view";
import { useEffect, useRef } from "react";
import { codeTheme } from "./code_theme.ts";
import { editorKeys } from "./editor_keys.ts";
import { type Analyse, marks, setServerError } from "./editor_marks.ts";

export type CodeEditorProps = {
  readonly value: string;
  readonly onChange: (text: string) => void;
  /** Enter, with the text as it then is. */
  readonly onRun: (text: string) => void;
  /** What a screen reader calls it. */
  readonly label: string;
  /** Language, completion and whatever else is of one language; read once. */
  readonly extensions: Extension;
  /** What is wrong by the text alone, while it is typed. */
  readonly analyse?: Analyse;
  /** Why the server refused the text as it is; its place is marked until the text changes. */
  readonly error?: string | undefined;
  readonly placeholder?: string;
  /** Texts of before, the latest first, for Alt-Up and Alt-Down. */
  readonly past?: () => readonly string[];
  /** Height at least, as CSS; the editor grows with its lines. */
  readonly height?: string | undefined;
  /** Whether Enter makes a new line, and only Ctrl-Enter runs: for documents. */
  readonly lines?: boolean;
};

/** One line that grows to several: CodeMirror with the page's look, keys and marks. What is typed never waits for React. */
export default function CodeEditor(props: CodeEditorProps) {
  const { value, error, label, height, placeholder = "" } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  // The editor outlives renders: it reads what is current through this.
  const latest = useRef(props);
  latest.current = props;
  // The text that was last told or taken: what comes back as `value` must not undo letters typed since.
  const told = useRef(value);

  useEffect(() => {
    const parent = host.current;
    if (parent === null) return;
    const made = create(parent, latest, told);
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    const now = view.current;
    if (now === null || value === told.current) return;
    told.current = value;
    now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: setServerError.of(error) });
  }, [error]);

  useEffect(() => {
    const content = EditorView.contentAttributes.of({ "aria-label": label });
    view.current?.dispatch({
      effects: words.reconfigure([content, placeholderOf(placeholder)]),
    });
  }, [label, placeholder]);

  return (
    <div ref={host} className="code-editor" style={height === undefined ? {} : { height }}></div>
  );
}

const words = new Compartment();

function create(
  parent: HTMLElement,
  latest: React.RefObject<CodeEditorProps>,
  told: React.RefObject<string>,
): EditorView {
  const { value, label, placeholder = "", extensions, error } = latest.current;
  const made = new EditorView({
    parent,
    state: EditorState.create({
      doc: value,
      extensions: [
        editorKeys({
          run: (text) => latest.current.onRun(text),
          past: () => latest.current.past?.() ?? [],
          lines: latest.current.lines ?? false,
        }),
        words.of([
          EditorView.contentAttributes.of({ "aria-label": label }),
          placeholderOf(placeholder),
        ]),
        history(),
        drawSelection(),
        highlightSpecialChars(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ icons: false, maxRenderedOptions: 100, activateOnTypingDelay: 60 }),
        EditorView.lineWrapping,
        marks((editor) => latest.current.analyse?.(editor) ?? []),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          const text = update.state.doc.toString();
          if (text === told.current) return;
          told.current = text;
          latest.current.onChange(text);
        }),
        codeTheme,
        extensions,
      ],
    }),
  });
  told.current = value;
  if (error !== undefined) made.dispatch({ effects: setServerError.of(error) });
  return made;
}
