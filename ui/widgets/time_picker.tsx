import { formatMoment } from "../plot/format.ts";
import { useFrame } from "../state/frame.ts";
import { follows, presets, refreshNames, windowOf, zoomedOut } from "../state/time_range.ts";
import { Icon } from "./icon.tsx";

const refreshWords: Readonly<Record<string, string>> = {
  live: "Live",
  off: "No refresh",
  "5s": "Every 5 s",
  "15s": "Every 15 s",
  "1m": "Every minute",
};

/** Range and refresh of the page: the system's own selects, which work with a thumb, a keyboard and a reader. */
export function TimePicker() {
  const { range, refresh, setRange, setRefresh } = useFrame();
  const preset = range.to === "now" && presets.some(({ from }) => from === range.from);
  const moving = follows(range);
  const zoomOut = (): void => {
    const nowMs = Date.now();
    const window = windowOf(range, nowMs);
    if (window !== undefined) setRange(zoomedOut(window, nowMs));
  };
  return (
    <div className="time-picker">
      <button type="button" className="icon-button" onClick={zoomOut} title="Zoom out">
        <Icon name="zoom_out" />
        <span className="hidden">Zoom out</span>
      </button>
      <select
        aria-label="Time range"
        value={preset ? range.from : "custom"}
        onChange={(event) => setRange({ from: event.target.value, to: "now" })}
      >
        {!preset && (
          <option value="custom" disabled>
            {rangeText(range.from, range.to)}
          </option>
        )}
        {presets.map(({ from, label }) => (
          <option key={from} value={from}>
            {label}
          </option>
        ))}
      </select>
      <select
        aria-label="Refresh"
        className={moving && refresh === "live" ? "is-live" : ""}
        value={moving ? refresh : "off"}
        disabled={!moving}
        title={moving ? undefined : "A range that ends in the past does not change"}
        onChange={(event) => setRefresh(event.target.value)}
      >
        {refreshNames.map((name) => (
          <option key={name} value={name}>
            {refreshWords[name] ?? name}
          </option>
        ))}
      </select>
    </div>
  );
}

function rangeText(from: string, to: string): string {
  if (to === "now") return `Last ${from.slice("now-".length)}`;
  const nowMs = Date.now();
  const window = windowOf({ from, to }, nowMs);
  if (window === undefined) return `${from} to ${to}`;
  return `${formatMoment(window.startMs, nowMs)} to ${formatMoment(window.endMs, nowMs)}`;
}
