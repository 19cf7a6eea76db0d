import { Menu } from "../../overlays/menu.tsx";
import { usePageRange } from "../../state/page_range.ts";
import { follows, refreshNames } from "../../state/time_range.ts";
import { Icon } from "../../elements/icon.tsx";
import type { TimeActions } from "./use_time_actions.ts";

const words: Readonly<Record<string, string>> = { live: "Live", off: "Off" };

function longWords(name: string): string {
  return words[name] ?? `Every ${name.replace(/(\d+)/, "$1 ")}`;
}

/** How often the page asks anew, a pause, and a refresh by hand. */
export function RefreshPicker({ actions }: { readonly actions: TimeActions }) {
  const { range, refresh, setRefresh } = usePageRange();
  const moving = follows(range);
  const on = moving && refresh !== "off";
  const shown = moving ? refresh : "off";
  return (
    <div className="time-group">
      <button
        type="button"
        className="range-step"
        disabled={!moving}
        aria-label={on ? "Stop updates" : "Start updates"}
        title={on ? "Stop updates" : "Start updates"}
        onClick={actions.pause}
      >
        <Icon name={on ? "pause" : "play"} />
      </button>
      <Menu
        label="Refresh"
        trigger={
          <button
            type="button"
            className={on && refresh === "live" ? "range-button is-live" : "range-button"}
            aria-label={`Refresh: ${words[shown] ?? shown}`}
            title={moving ? undefined : "A range that ends in the past does not change"}
            disabled={!moving}
          >
            {words[shown] ?? shown}
            <Icon name="chevron" />
          </button>
        }
        entries={[
          { label: "Refresh now", icon: "refresh", keys: "t r", onSelect: actions.refreshNow },
          "line",
          ...refreshNames.map((name) => ({
            label: longWords(name),
            checked: name === shown,
            onSelect: () => setRefresh(name),
          })),
        ]}
      />
    </div>
  );
}
