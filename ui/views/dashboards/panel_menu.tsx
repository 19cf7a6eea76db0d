import { useNavigate } from "@tanstack/react-router";
import type { Panel } from "#shared/dashboards/dashboard.ts";
import { interpolate } from "../../dashboards/model/interpolate.ts";
import type { ShownPanel } from "../../dashboards/model/repeat.ts";
import { fileName, framesToCsv, framesToJson, framesToText } from "../../frames/export.ts";
import { Menu, type MenuEntry } from "../../overlays/menu.tsx";
import { showToast } from "../../overlays/toast.ts";
import { useFrame, useSearchChange } from "../../state/frame.ts";
import { explorePage } from "../../state/places.ts";
import { copyText } from "../../widgets/copy_button.tsx";
import { exportEntries } from "../../widgets/export_menu.tsx";
import { Icon } from "../../widgets/icon.tsx";
import type { PanelData } from "./use_panel.ts";

/** What is done to a panel while its dashboard is edited. */
export type PanelEdits = {
  readonly onDuplicate: (panel: Panel) => void;
  readonly onRemove: (panel: Panel) => void;
  readonly onMove: (panel: Panel, row: number) => void;
  readonly onPlace: (panel: Panel) => void;
  /** Where it can go, but for where it is. */
  readonly rowsFor: (panel: Panel) => readonly { readonly id: number; readonly title: string }[];
};

type Props = {
  readonly shown: ShownPanel;
  readonly data: PanelData;
  readonly element: () => HTMLElement | null;
  readonly edits?: PanelEdits | undefined;
};

/** Everything that can be done with a panel. */
export function PanelMenu({ shown, data, element, edits }: Props) {
  const { panel } = shown;
  const change = useSearchChange();
  const navigate = useNavigate();
  const { range } = useFrame();
  const title = interpolate(panel.title, data.moment.variables, "text");
  const name = fileName(title === "" ? `panel ${panel.id}` : title);
  const [question] = data.plan.questions;
  const entries: MenuEntry[] = [
    {
      label: "View alone",
      icon: "full_screen",
      onSelect: () => change({ view: shown.key }, { replace: false }),
    },
    {
      label: "Edit",
      icon: "edit",
      onSelect: () =>
        change({ edit: "yes", panel: String(panel.id), view: "" }, { replace: false }),
    },
  ];
  if (question !== undefined) {
    entries.push({
      label: "Explore its query",
      icon: "explore",
      onSelect: () => void navigate({ href: explorePage(question, range) }),
    });
  }
  entries.push(
    {
      label: "Inspect",
      icon: "eye",
      onSelect: () => change({ inspect: shown.key }, { replace: false }),
    },
    {
      label: "Copy link",
      icon: "link",
      onSelect: () => void copyLink(shown.key),
    },
    "line",
    ...exportEntries({
      name,
      csv: () => framesToCsv(data.frames),
      json: () => framesToJson(data.frames),
      table: () => framesToText(data.frames),
      element,
    }),
    "line",
    { label: "Copy panel", icon: "copy", onSelect: () => void copyPanel(panel) },
    ...(edits === undefined ? [] : editEntries(panel, edits)),
  );
  return (
    <Menu
      label={`Menu of ${title}`}
      trigger={
        <button
          type="button"
          className="icon-button plain panel-menu"
          aria-label={`Menu of ${title === "" ? `panel ${panel.id}` : title}`}
        >
          <Icon name="more" />
        </button>
      }
      entries={entries}
    />
  );
}

function editEntries(panel: Panel, edits: PanelEdits): MenuEntry[] {
  const rows = edits.rowsFor(panel);
  return [
    { label: "Duplicate", icon: "plus", onSelect: () => edits.onDuplicate(panel) },
    { label: "Move and resize by keys", icon: "keyboard", onSelect: () => edits.onPlace(panel) },
    ...(rows.length === 0 ? [] : [{ heading: "Move to row" }]),
    ...rows.map(({ id, title }) => ({
      label: title === "" ? "Panels" : title,
      onSelect: () => edits.onMove(panel, id),
    })),
    "line",
    { label: "Remove", icon: "trash", danger: true, onSelect: () => edits.onRemove(panel) },
  ];
}

async function copyLink(key: string): Promise<void> {
  const url = new URL(location.href);
  url.searchParams.set("view", key);
  for (const name of ["edit", "panel", "inspect", "sheet", "tab"]) url.searchParams.delete(name);
  if (await copyText(url.href)) showToast({ title: "Link copied", state: "good" });
}

/** As JSON, so that it can be pasted into another dashboard, also of another window. */
async function copyPanel(panel: Panel): Promise<void> {
  if (await copyText(JSON.stringify({ lapwing_panel: panel }, undefined, 2))) {
    showToast({
      title: "Panel copied",
      detail: "Paste it while editing a dashboard.",
      state: "good",
    });
  }
}
