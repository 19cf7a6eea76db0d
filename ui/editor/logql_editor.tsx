import { useMemo, useRef } from "react";
import { pastQueries } from "../state/query_history.ts";
import CodeEditor from "./code_editor.tsx";
import { logqlCompletion } from "./logql_completion.ts";
import { logqlLanguage } from "./logql_language.ts";
import type { QueryEditorProps } from "./promql_editor.tsx";

/** LogQL with completion of labels, values, parsers, fields and functions, and a mark where the server found it wrong. Loaded by React.lazy. */
export default function LogqlEditor(props: QueryEditorProps) {
  const { value, onChange, onRun, label, height, error } = props;
  const window = useRef(props.window);
  window.current = props.window;
  const extensions = useMemo(() => logqlLanguage(logqlCompletion(() => window.current)), []);
  return (
    <CodeEditor
      value={value}
      onChange={onChange}
      onRun={onRun}
      label={label}
      extensions={extensions}
      error={error}
      height={height}
      placeholder={'LogQL, such as {service_name="shop"} |= "error". Enter searches'}
      past={() => pastQueries("logql").map(({ expr }) => expr)}
    />
  );
}
