import { messageOf } from "#shared/errors.ts";
import { download } from "../frames/export.ts";
import { Menu, type MenuEntry, type MenuItem } from "../overlays/menu.tsx";
import { showToast } from "../overlays/toast.ts";
import { copyText } from "./copy_button.tsx";
import { Icon } from "../elements/icon.tsx";

type Props = {
  /** What it is of: the files' name, without an ending. */
  readonly name: string;
  /** The contents, made when they are asked for. What is left out is not offered. */
  readonly csv?: () => string;
  readonly json?: () => string;
  /** Cells with tabs between them, for the clipboard. */
  readonly table?: () => string;
  /** What a picture is taken of. */
  readonly element?: () => HTMLElement | null;
  /** Whether the word stands beside the picture on the button. */
  readonly word?: boolean;
};

/** Takes what is shown along: as CSV, JSON, PNG, or as a table in the clipboard. */
export function ExportMenu(props: Props) {
  return (
    <Menu
      label={`Export ${props.name}`}
      trigger={
        <button
          type="button"
          className={props.word === true ? "button" : "icon-button plain"}
          aria-label={`Export ${props.name}`}
          title="Export"
        >
          <Icon name="download" />
          {props.word === true && "Export"}
        </button>
      }
      entries={exportEntries(props)}
    />
  );
}

/** The same items for a menu that has others, too. */
export function exportEntries({ name, csv, json, table, element }: Props): MenuEntry[] {
  return [
    ...(csv ? [entry("Download CSV", () => download(`${name}.csv`, "text/csv", csv()))] : []),
    ...(json
      ? [entry("Download JSON", () => download(`${name}.json`, "application/json", json()))]
      : []),
    ...(element ? [entry("Download PNG", () => downloadPng(name, element()))] : []),
    ...(table
      ? [
          entry("Copy table", async () => {
            if (await copyText(table())) showToast({ state: "good", title: "Table copied" });
          }),
        ]
      : []),
  ];
}

function entry(label: string, run: () => Promise<void> | void): MenuItem {
  return {
    label,
    icon: label.startsWith("Copy") ? "copy" : "download",
    onSelect: () => void guarded(label, run),
  };
}

async function guarded(label: string, run: () => Promise<void> | void): Promise<void> {
  try {
    await run();
  } catch (error) {
    showToast({ state: "bad", title: `${label} failed`, detail: messageOf(error) });
  }
}

async function downloadPng(name: string, element: HTMLElement | null): Promise<void> {
  if (element === null) throw new Error("what it is of is not on the screen");
  const { toBlob } = await import("html-to-image");
  const backgroundColor = getComputedStyle(document.body).backgroundColor;
  const blob = await toBlob(element, { backgroundColor, pixelRatio: 2, skipFonts: true });
  if (blob === null) throw new Error("the browser made no picture of it");
  download(`${name}.png`, "image/png", blob);
}
