import { useNavigate } from "@tanstack/react-router";
import { memo } from "react";
import type { Panel } from "#shared/dashboards/dashboard.ts";
import type { ShownPanel } from "../../../dashboards/model/repeat.ts";
import { fileName, framesToCsv, framesToJson, framesToText } from "../../../frames/export.ts";
import { Menu, type MenuEntry } from "../../../overlays/menu.tsx";
import { showToast } from "../../../overlays/toast.ts";
import { useSearchChange } from "../../../state/page_range.ts";
import { explorePage, newRulePage } from "../../../state/places.ts";
import { copyText } from "../../../widgets/copy_button.tsx";
import { exportEntries } from "../../../widgets/export_menu.tsx";
import { Icon } from "../../../elements/icon.tsx";
import type { PanelTools } from "./panel_view.tsx";

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
  readonly tools: PanelTools;
  readonly edits?: PanelEdits | undefined;
};

/** Everything that can be done with a panel. An answer does not redraw it: what the panel shows is looked at when something is chosen. */
export const PanelMenu = memo(function PanelMenu({ shown, tools, edits }: Props) {
  const { title } = tools;
  const change = useSearchChange();
  const navigate = useNavigate();
  const name = title === "" ? `panel ${shown.panel.id}` : title;
  return (
    <Menu
      label={`Menu of ${title}`}
      trigger={
        <button
          type="button"
          className="icon-button plain panel-menu"
          aria-label={`Menu of ${name}`}
        >
          <Icon name="more" />
        </button>
      }
      entries={() => [
        ...ownEntries(shown, tools, change, (href) => void navigate({ href })),
        "line",
        ...exportEntries({
          name: fileName(name),
          csv: () => framesToCsv(tools.data().frames),
          json: () => framesToJson(tools.data().frames),
          table: () => framesToText(tools.data().frames),
          element: tools.element,
        }),
        "line",
        { label: "Copy panel", icon: "copy", onSelect: () => void copyPanel(shown.panel) },
        ...(edits === undefined ? [] : editEntries(shown.panel, edits)),
      ]}
    />
  );
});

/** Ways to look at the panel and its query. */
function ownEntries(
  { panel, key }: ShownPanel,
  tools: PanelTools,
  change: ReturnType<typeof useSearchChange>,
  goTo: (href: string) => void,
): MenuEntry[] {
  const [question] = tools.data().plan.questions;
  return [
    {
      label: "View alone",
      icon: "full_screen",
      onSelect: () => change({ view: key }, { replace: false }),
    },
    {
      label: "Edit",
      icon: "edit",
      onSelect: () =>
        change({ edit: "yes", panel: String(panel.id), view: "" }, { replace: false }),
    },
    ...(question === undefined
      ? []
      : [
          {
            label: "Explore its query",
            icon: "explore" as const,
            onSelect: () => goTo(explorePage(question, tools.range())),
          },
          {
            label: "Create alert",
            icon: "alerts" as const,
            onSelect: () => goTo(newRulePage(question, tools.title)),
          },
        ]),
    {
      label: "Inspect",
      icon: "eye",
      onSelect: () => change({ inspect: key }, { replace: false }),
    },
    { label: "Copy link", icon: "link", onSelect: () => void copyLink(key) },
  ];
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
