import type { Labels } from "#shared/model/labels.ts";
import { putSilence } from "../../../client/alertmanager.ts";
import { Icon } from "../../../elements/icon.tsx";
import { Menu } from "../../../overlays/menu.tsx";
import { useTimeZone } from "../../../state/time_zone.ts";
import { ErrorText } from "../../../widgets/error_text.tsx";
import { silenceMatchers, textOfLabels } from "./silence_draft.ts";
import { snoozeEnds, type SilenceEnd } from "./silence_ends.ts";
import { knownAuthor, useSilenceChanges } from "./use_silence_changes.ts";

const noAuthor = "anonymous";

/** Silences exactly what has these labels, with one click and without a form. */
export function SnoozeMenu({ labels }: { readonly labels: Labels }) {
  const timeZone = useTimeZone();
  const { change, failure, isBusy } = useSilenceChanges(() => {});
  const snooze = ({ label, endsMs }: SilenceEnd): void => {
    const read = silenceMatchers(textOfLabels(labels));
    if ("fault" in read) return;
    const createdBy = knownAuthor() || noAuthor;
    const made = { matchers: read.matchers, startsMs: Date.now(), endsMs, createdBy };
    void change(() => putSilence({ ...made, comment: `Snoozed: ${label}` }), `Snoozed: ${label}`);
  };
  return (
    <>
      {failure !== undefined && <ErrorText error={failure} what="It was not snoozed" />}
      <Menu
        label="Snooze"
        trigger={
          <button type="button" className="button" disabled={isBusy}>
            <Icon name="clock" />
            Snooze
          </button>
        }
        entries={() =>
          snoozeEnds(Date.now(), timeZone).map((end) => ({
            label: end.label,
            onSelect: () => snooze(end),
          }))
        }
      />
    </>
  );
}
