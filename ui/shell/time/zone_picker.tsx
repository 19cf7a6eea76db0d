import { useMemo } from "react";
import { Combobox, type ComboOption } from "../../overlays/combobox.tsx";
import { showToast } from "../../overlays/toast.ts";
import { formatOffset } from "../../units/format.ts";
import { browserZone, isTimeZone, zoneName } from "../../units/time_zones.ts";
import { useSearchChange } from "../../state/page_range.ts";
import { rememberTimeZone, useTimeZone } from "../../state/time_zone.ts";

/** The zone that the page's times are in: the browser's, UTC, or one of the IANA list. */
export function ZonePicker() {
  const zone = useTimeZone();
  const change = useSearchChange();
  const options = useMemo(zoneOptions, []);
  const choose = (next: string): void => {
    if (!isTimeZone(next)) {
      const detail = "Expected a name of the IANA list, such as Europe/Berlin.";
      showToast({ state: "bad", title: `This browser knows no time zone "${next}"`, detail });
      return;
    }
    rememberTimeZone(next);
    change({ tz: next === browserZone ? "" : next });
  };
  return (
    <Combobox label="Time zone" showLabel value={zone} options={options} onChange={choose} custom />
  );
}

function zoneOptions(): ComboOption[] {
  const nowMs = Date.now();
  const names = Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC");
  return [
    {
      value: browserZone,
      label: `Browser, ${zoneName(browserZone)}`,
      detail: formatOffset(nowMs, browserZone),
    },
    { value: "utc", label: "UTC", detail: "+00:00" },
    ...names.map((name) => ({ value: name, detail: formatOffset(nowMs, name) })),
  ];
}
