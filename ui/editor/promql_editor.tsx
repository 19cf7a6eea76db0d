import { PromQLExtension } from "@prometheus-io/codemirror-promql/dist/esm/index.js";
import type { Diagnostic } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { Parser } from "@prometheus-io/codemirror-promql/dist/esm/parser/index.js";
import { useMemo, useRef } from "react";
import { coverVariables } from "../promql/variables.ts";
import { pastQueries } from "../state/query_history.ts";
import type { Window } from "../state/time_range.ts";
import CodeEditor from "./code_editor.tsx";
import { promqlCompletion } from "./promql_completion.ts";
import { variableMarks } from "./variable_marks.ts";

export type QueryEditorProps = {
  readonly value: string;
  readonly onChange: (text: string) => void;
  /** Enter, with the text as it then is. */
  readonly onRun: (text: string) => void;
  readonly label: string;
  /** Where completion looks for names and values. */
  readonly window: Window;
  readonly height?: string | undefined;
  /** What the server answered to this text. */
  readonly error?: string | undefined;
};

/** PromQL with completion of metrics, labels, values and functions, and with marks where it is wrong. Loaded by React.lazy. */
export default function PromqlEditor(props: QueryEditorProps) {
  const { value, onChange, onRun, label, height, error } = props;
  const window = useRef(props.window);
  window.current = props.window;
  const { extensions: language, analyse } = useMemo(() => {
    const promql = new PromQLExtension()
      .activateLinter(false)
      .setComplete({ completeStrategy: promqlCompletion(() => window.current) });
    const extensions = [promql.asExtension(), variableMarks];
    const lintText = ({ state }: EditorView): readonly Diagnostic[] => {
      const text = state.doc.toString();
      const covered = coverVariables(text);
      if (text.trim() === "" || covered === undefined) return [];
      const parser = new Parser(EditorState.create({ doc: covered, extensions }));
      parser.analyze();
      return parser.getDiagnostics();
    };
    return { extensions, analyse: lintText };
  }, []);
  return (
    <CodeEditor
      value={value}
      onChange={onChange}
      onRun={onRun}
      label={label}
      extensions={language}
      analyse={analyse}
      error={error}
      height={height}
      placeholder="PromQL, such as rate(http_requests_total[5m]). Enter runs it"
      past={() => pastQueries("promql").map(({ expr }) => expr)}
    />
  );
}
