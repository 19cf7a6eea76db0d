import type { DashboardRow } from "../../../client/dashboard_service.ts";
import { Sheet } from "../../../overlays/sheet.tsx";
import { useSearchChange } from "../../../state/page_range.ts";
import type { BoardSearch } from "../state/board_search.ts";
import { CodeSheet } from "./code_sheet.tsx";
import { ImportNotes } from "../documents/import_notes.tsx";
import { InspectSheet } from "./inspect_sheet.tsx";
import { SettingsForm } from "../settings/settings_form.tsx";
import type { Editor } from "../state/use_editor.ts";
import type { VariableStates } from "../state/use_variables.ts";
import { VersionList } from "./version_list.tsx";

type Props = {
  readonly uid: string;
  readonly row: DashboardRow | undefined;
  readonly editor: Editor;
  readonly place: BoardSearch;
  readonly states: VariableStates;
  readonly notes: readonly { readonly path: string; readonly why: string }[];
};

/** What opens beside a dashboard: settings, versions, its code, the data of a panel. */
export default function BoardSheets({ uid, row, editor, place, states, notes }: Props) {
  const change = useSearchChange();
  const close = (): void => change({ sheet: "", inspect: "", tab: "" }, { replace: false });
  const sheet = { open: true, onOpenChange: close, size: "wide" } as const;
  if (place.inspect !== undefined) {
    return (
      <InspectSheet panelKey={place.inspect} tab={place.tab} states={states} onClose={close} />
    );
  }
  switch (place.sheet) {
    case "settings":
      return (
        <Sheet {...sheet} title="Settings of the dashboard">
          <SettingsForm uid={uid} editor={editor} states={states} tab={place.tab} />
        </Sheet>
      );
    case "versions":
      return (
        <Sheet {...sheet} title="Versions">
          <VersionList uid={uid} row={row} editor={editor} />
        </Sheet>
      );
    case "code":
      return (
        <Sheet {...sheet} title="As code">
          <CodeSheet editor={editor} onDone={close} />
        </Sheet>
      );
    case "notes":
      return (
        <Sheet {...sheet} title="Not carried over">
          <ImportNotes notes={notes} dashboard={editor.dashboard} />
        </Sheet>
      );
    case undefined:
      return null;
  }
}
