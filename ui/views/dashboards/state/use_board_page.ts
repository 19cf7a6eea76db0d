import { useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { useSearchChange } from "../../../state/page_range.ts";
import { useKeys } from "../../../state/keys.ts";
import { refreshNames } from "../../../state/time_range.ts";
import type { BoardSearch } from "./board_search.ts";
import type { Editor } from "./use_editor.ts";

/** Puts the dashboard's own range and refresh into the URL where a link named none: what is shown can be shared as it is. */
export function useBoardDefaults({ time, refresh }: Dashboard): void {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false });
  const change = useSearchChange();
  const isDone = useRef(false);
  const hasRange = search["from"] !== undefined || search["to"] !== undefined;
  const hasRefresh = search["refresh"] !== undefined;
  useEffect(() => {
    if (isDone.current) return;
    isDone.current = true;
    const wanted = refreshNames.includes(refresh) && !hasRefresh ? { refresh } : {};
    if (hasRange && Object.keys(wanted).length === 0) return;
    change({ ...(hasRange ? {} : { from: time.from, to: time.to }), ...wanted });
  }, [time, refresh, hasRange, hasRefresh, change]);
}

/** Nothing but the dashboard on the screen, for a wall; Escape brings the shell back. */
export function useKiosk(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return;
    document.documentElement.dataset["kiosk"] = "on";
    return () => {
      delete document.documentElement.dataset["kiosk"];
    };
  }, [isOn]);
}

/** The keys of a dashboard, shown under "?". */
export function useBoardKeys(editor: Editor, isEditing: boolean, place: BoardSearch): void {
  const change = useSearchChange();
  const editing = isEditing
    ? [
        { keys: "mod+z", words: "Undo", run: editor.undo },
        { keys: "mod+y", words: "Redo", run: editor.redo },
        { keys: "d s", words: "Open the settings", run: () => change({ sheet: "settings" }) },
      ]
    : [{ keys: "d e", words: "Edit the dashboard", run: () => change({ edit: "yes" }) }];
  useKeys("Dashboard", [
    ...editing,
    {
      keys: "d k",
      words: "Show nothing but the dashboard",
      run: () => change({ kiosk: place.kiosk ? "" : "yes" }),
    },
    { keys: "d v", words: "Show its versions", run: () => change({ sheet: "versions" }) },
    {
      keys: "escape",
      words: "Back to the whole dashboard",
      run: () => change({ view: "", kiosk: "" }),
    },
  ]);
  useEffect(() => {
    if (!isEditing) return;
    // Undo with Shift is what most people know; the registry knows no Shift.
    const redo = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || !event.shiftKey) return;
      const typing =
        event.target instanceof Element &&
        event.target.matches("input, textarea, [contenteditable='true']");
      if (event.key.toLowerCase() !== "z" || typing) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      editor.redo();
    };
    addEventListener("keydown", redo, { capture: true });
    return () => removeEventListener("keydown", redo, { capture: true });
  }, [isEditing, editor]);
}
