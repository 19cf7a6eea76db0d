import { lazy, Suspense, useState } from "react";
import { Popover } from "../../overlays/popover.tsx";
import { Sheet } from "../../overlays/sheet.tsx";
import { zoneName } from "../../units/time_zones.ts";
import { usePageRange } from "../../state/page_range.ts";
import { phoneQuery, useMedia } from "../../state/media.ts";
import { rangeWords } from "../../state/quick_ranges.ts";
import { Icon, type IconName } from "../../elements/icon.tsx";
import { Skeleton } from "../../widgets/picture.tsx";
import { RefreshPicker } from "./refresh_picker.tsx";
import { useTimeKeys, type TimeActions } from "./use_time_actions.ts";

const TimePanel = lazy(() => import("./time_panel.tsx"));

/** Range, zone and refresh of the page, the same on every page; all of it is in the URL. */
export function TimePicker({ actions }: { readonly actions: TimeActions }) {
  const [open, setOpen] = useState(false);
  const phone = useMedia(phoneQuery);
  useTimeKeys(actions, () => setOpen(true));
  const panel = (
    <Suspense fallback={<Skeleton rows={8} height={28} />}>
      <TimePanel onDone={() => setOpen(false)} actions={actions} />
    </Suspense>
  );
  return (
    <div className="time-picker">
      <div className="time-group">
        <Step icon="back" label="Shift back" onClick={() => actions.shift(-1)} />
        {phone ? (
          <RangeButton expanded={open} onClick={() => setOpen(true)} />
        ) : (
          <Popover
            label="Choose the time range"
            align="end"
            className="time-popover"
            open={open}
            onOpenChange={setOpen}
            trigger={<RangeButton />}
          >
            {panel}
          </Popover>
        )}
        <Step icon="forward" label="Shift forward" onClick={() => actions.shift(1)} />
        <Step icon="zoom_out" label="Zoom out" onClick={actions.zoomOut} />
      </div>
      <RefreshPicker actions={actions} />
      {phone && (
        <Sheet title="Time range" side="bottom" open={open} onOpenChange={setOpen}>
          {panel}
        </Sheet>
      )}
    </div>
  );
}

type RangeButtonProps = React.ComponentProps<"button"> & { readonly expanded?: boolean };

function RangeButton({ expanded, ...props }: RangeButtonProps) {
  const { range, timeZone } = usePageRange();
  const words = rangeWords(range, timeZone);
  const zone = timeZone === "browser" ? "" : shortZone(timeZone);
  return (
    <button
      type="button"
      {...(expanded !== undefined && { "aria-expanded": expanded, "aria-haspopup": "dialog" })}
      {...props}
      className="range-button"
      aria-label={`Time range: ${words}${zone === "" ? "" : `, ${zone}`}`}
      title={`${words}, times of ${zoneName(timeZone)}`}
    >
      <Icon name="clock" />
      <span className="clip">{words}</span>
      {zone !== "" && <span className="range-zone">{zone}</span>}
    </button>
  );
}

/** "Berlin" of "Europe/Berlin". */
function shortZone(timeZone: string): string {
  return (zoneName(timeZone).split("/").at(-1) ?? timeZone).replaceAll("_", " ");
}

type StepProps = { readonly icon: IconName; readonly label: string; readonly onClick: () => void };

function Step({ icon, label, onClick }: StepProps) {
  return (
    <button type="button" className="range-step" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
