import { lazy, Suspense, useState } from "react";
import { Panel } from "#shared/dashboards/dashboard.ts";
import { messageOf } from "#shared/errors.ts";
import { withPanel, withRow } from "../../../dashboards/edit/change.ts";
import type { PanelKind } from "../../../panels/panel_kind.ts";
import { showToast } from "../../../overlays/toast.ts";
import { useSearchChange } from "../../../state/page_range.ts";
import type { Editor } from "../state/use_editor.ts";
import { Button } from "../../../elements/buttons.tsx";

const KindPicker = lazy(() => import("./kind_picker.tsx"));

/** Buttons for what a dashboard can get. */
export function AddBar({ editor }: { readonly editor: Editor }) {
  const { change } = editor;
  const search = useSearchChange();
  const [picking, setPicking] = useState(false);
  const add = (panel: Panel, edit: boolean): void => {
    const target = editor.dashboard.rows.at(-1)?.id;
    const made = withPanel(editor.dashboard, panel, target);
    change(() => made.dashboard);
    if (edit) search({ panel: String(made.id) }, { replace: false });
  };
  const pick = (kind: PanelKind): void => {
    setPicking(false);
    add(
      Panel.parse({
        id: 1,
        kind: kind.kind,
        title: kind.asks ? "New panel" : "",
        place: { x: 0, y: 0, w: 12, h: 8 },
        queries: kind.asks ? [{ ref: "A", source: kind.usualSource ?? "metrics" }] : [],
      }),
      true,
    );
  };
  const paste = async (): Promise<void> => {
    try {
      add(pastedPanel(await navigator.clipboard.readText()), false);
      showToast({ title: "Panel pasted", state: "good" });
    } catch (error) {
      showToast({
        title: "Nothing was pasted",
        detail: `${messageOf(error)}. Copy a panel from its menu first.`,
        state: "bad",
      });
    }
  };
  return (
    <div className="add-bar">
      <Button icon="plus" onClick={() => setPicking(true)}>
        Add panel
      </Button>
      <Button
        icon="plus"
        onClick={() => change((now) => withRow(now, `Row ${now.rows.length + 1}`))}
      >
        Add row
      </Button>
      <Button icon="copy" onClick={() => void paste()}>
        Paste panel
      </Button>
      {picking && (
        <Suspense>
          <KindPicker onPick={pick} onClose={() => setPicking(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** A panel from the clipboard, checked like any document. */
function pastedPanel(text: string): Panel {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error("the clipboard holds no panel");
  }
  const inside =
    typeof json === "object" && json !== null && "lapwing_panel" in json
      ? json.lapwing_panel
      : json;
  const checked = Panel.safeParse(inside);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new Error(`the clipboard holds no panel: ${issue?.path.join(".")} ${issue?.message}`);
}
