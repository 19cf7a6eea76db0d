import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { Button } from "../../../elements/buttons.tsx";
import { Sheet } from "../../../overlays/sheet.tsx";
import { ToggleGroup } from "../../../overlays/toggle_group.tsx";
import { useRecurring, useSilences } from "../../../queries/alerts.ts";
import { usePageRange, useSearchChange } from "../../../state/page_range.ts";
import { useNow } from "../../../state/media.ts";
import { RecurringForm } from "./recurring_form.tsx";
import { RecurringList } from "./recurring_list.tsx";
import { SilenceCalendar } from "./silence_calendar.tsx";
import { matchersText } from "./silence_draft.ts";
import { SilenceForm } from "./silence_form.tsx";
import { SilenceList } from "./silence_list.tsx";

const route = getRouteApi("/alerts");
const newOne = "new";
const views = [
  { value: "list", label: "List" },
  { value: "calendar", label: "Calendar" },
  { value: "recurring", label: "Recurring" },
] as const;
const hourMs = 3_600_000;
/** Every window that may come next: a month has one at least, but for days that not all months have. */
const comingMs = 100 * 86_400_000;

/** Silences in force, planned ones, those that ended within the last days, and recurring ones. */
export function SilencesTab() {
  const { view = "list" } = route.useSearch();
  const change = useSearchChange();
  return (
    <>
      <div className="toolbar">
        <Button
          kind="primary"
          icon="plus"
          onClick={() => change({ open: newOne, matchers: "", for: "" })}
        >
          {view === "recurring" ? "New recurring silence" : "New silence"}
        </Button>
        <ToggleGroup
          label="Show silences as"
          value={view}
          options={views}
          onChange={(next) => change({ view: next === "list" ? "" : next, open: "" })}
        />
      </div>
      {view === "list" && <SilenceList />}
      {view === "calendar" && <SilenceCalendar />}
      {view === "recurring" ? <Recurring /> : <SilenceSheet />}
    </>
  );
}

/** The form of a new silence, or of one that is changed. A message's link opens it with matchers and a length. */
function SilenceSheet() {
  const { open, matchers = "", for: length } = route.useSearch();
  const change = useSearchChange();
  const { intervalMs } = usePageRange();
  const silences = useSilences(intervalMs);
  const changed = silences.data?.find(({ id }) => id === open);
  if (open !== newOne && changed === undefined) return null;
  const close = (): void => change({ open: "", matchers: "", for: "" });
  const text = matchers.trim().replace(/^\{(.*)\}$/s, "$1");
  return (
    <Sheet
      open
      onOpenChange={close}
      title={changed === undefined ? "New silence" : "Change silence"}
    >
      <SilenceForm
        key={open}
        text={changed === undefined ? text : matchersText(changed.matchers)}
        length={length}
        {...(changed !== undefined && { changed })}
        onDone={close}
      />
    </Sheet>
  );
}

function Recurring() {
  const { open } = route.useSearch();
  const change = useSearchChange();
  const nowMs = Math.floor(useNow(60_000) / hourMs) * hourMs;
  const span = useMemo(() => ({ startMs: nowMs, endMs: nowMs + comingMs }), [nowMs]);
  const recurring = useRecurring(span);
  const changed = recurring.data?.find(({ id }) => id === open);
  const close = (): void => change({ open: "" });
  return (
    <>
      <RecurringList query={recurring} onOpen={(id) => change({ open: id })} />
      {(open === newOne || changed !== undefined) && (
        <Sheet
          open
          onOpenChange={close}
          title={changed === undefined ? "New recurring silence" : "Change recurring silence"}
        >
          <RecurringForm key={open} {...(changed !== undefined && { changed })} onDone={close} />
        </Sheet>
      )}
    </>
  );
}
