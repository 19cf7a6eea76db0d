import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { useMemo, useState } from "react";
import { fromCode, toCode, type CodeFormat } from "../../../dashboards/model/dashboard_code.ts";
import CodeEditor from "../../../editor/code_editor.tsx";
import { ToggleGroup } from "../../../overlays/toggle_group.tsx";
import { useSearchChange } from "../../../state/page_range.ts";
import { CopyButton } from "../../../widgets/copy_button.tsx";
import type { Editor } from "../state/use_editor.ts";
import { Button } from "../../../elements/buttons.tsx";

const extensions = { yaml: yaml(), json: json() } as const;
const mistakesMax = 10;

/** The dashboard as a document in YAML or JSON: what it says counts when it is applied, and is saved with the dashboard. */
export function CodeSheet({
  editor,
  onDone,
}: {
  readonly editor: Editor;
  readonly onDone: () => void;
}) {
  const { format, text, isChanged, faults, setDraft, choose, apply } = useCode(editor, onDone);
  return (
    <div className="code-sheet">
      <div className="toolbar">
        <ToggleGroup
          label="Format"
          value={format}
          options={[
            { value: "yaml", label: "YAML" },
            { value: "json", label: "JSON" },
          ]}
          onChange={choose}
        />
        <CopyButton label="Copy the document" text={text} word="Copy" />
        <span className="spacer" />
        {isChanged && (
          <>
            <Button onClick={() => choose(format)}>Discard</Button>
            <Button kind="primary" onClick={apply}>
              Apply
            </Button>
          </>
        )}
      </div>
      {faults.length > 0 && (
        <ul className="state bad code-faults" role="alert">
          {faults.map((fault) => (
            <li key={fault}>{fault}</li>
          ))}
        </ul>
      )}
      <CodeEditor
        key={format}
        value={text}
        onChange={setDraft}
        onRun={apply}
        label={`Dashboard as ${format.toUpperCase()}`}
        extensions={extensions[format]}
        height="calc(100dvh - 132px)"
        lines
      />
    </div>
  );
}

/** The document as text, what is typed over it, and what is wrong with that. */
function useCode(editor: Editor, onDone: () => void) {
  const [format, setFormat] = useState<CodeFormat>("yaml");
  const written = useMemo(() => toCode(editor.dashboard, format), [editor.dashboard, format]);
  const [draft, setDraft] = useState<string>();
  const [faults, setFaults] = useState<readonly string[]>([]);
  const change = useSearchChange();
  const text = draft ?? written;
  const apply = (): void => {
    const { dashboard, mistakes } = fromCode(text);
    if (dashboard === undefined) {
      setFaults(
        mistakes
          .slice(0, mistakesMax)
          .map(({ line, message }) => (line === undefined ? message : `line ${line}: ${message}`)),
      );
      return;
    }
    setFaults([]);
    setDraft(undefined);
    editor.change(() => dashboard);
    change({ edit: "yes" });
    onDone();
  };
  const choose = (next: CodeFormat): void => {
    setFormat(next);
    setDraft(undefined);
    setFaults([]);
  };
  const isChanged = draft !== undefined && draft !== written;
  return { format, text, isChanged, faults, setDraft, choose, apply };
}
