import { useState } from "react";
import { Button } from "../../../elements/buttons.tsx";
import { Sheet } from "../../../overlays/sheet.tsx";
import type { ShownAlert } from "../alert_groups.ts";
import { jointMatchers } from "./joint_matchers.ts";
import { matchersText } from "./silence_draft.ts";
import { SilenceForm } from "./silence_form.tsx";

/** More are silenced by matchers. */
const chosenMax = 200;

/** The alerts that a person chose, by their keys. */
export type AlertChoice = {
  readonly keys: ReadonlySet<string>;
  readonly choose: (keys: readonly string[], isOn: boolean) => void;
};

/** Chosen alerts; `choice` is undefined while none are being chosen. */
export function useAlertChoice() {
  const [keys, setKeys] = useState<ReadonlySet<string>>();
  const choose = (changed: readonly string[], isOn: boolean): void => {
    const next = new Set(keys);
    for (const key of changed) {
      if (isOn) next.add(key);
      else next.delete(key);
    }
    setKeys(next);
  };
  return {
    choice: keys === undefined ? undefined : { keys, choose },
    start: () => setKeys(new Set()),
    stop: () => setKeys(undefined),
  };
}

type Props = {
  readonly choice: AlertChoice;
  /** The alerts that pass the filters. */
  readonly shown: readonly ShownAlert[];
  readonly onDone: () => void;
};

/** Silences the chosen alerts together, after a preview of what else that would hold back. */
export function BulkSilence({ choice, shown, onDone }: Props) {
  const [isSilencing, setSilencing] = useState(false);
  const chosen = shown.filter(({ key }) => choice.keys.has(key));
  const labels = chosen.map(({ sent, labels: own }) => sent?.labels ?? own);
  const count = chosen.length === 1 ? "1 alert" : `${chosen.length} alerts`;
  const isOver = chosen.length > chosenMax;
  return (
    <div className="bulk-silence" role="group" aria-label="Chosen alerts">
      <span role="status">{count} chosen</span>
      <Button
        onClick={() =>
          choice.choose(
            shown.map(({ key }) => key),
            true,
          )
        }
      >
        Choose all {shown.length} shown
      </Button>
      <Button
        kind="primary"
        icon="silent"
        disabled={chosen.length === 0 || isOver}
        {...(isOver && { title: `At most ${chosenMax}: filter, or make a silence by matchers` })}
        onClick={() => setSilencing(true)}
      >
        Silence {count}
      </Button>
      <Button onClick={onDone}>Cancel</Button>
      {isSilencing && (
        <Sheet open onOpenChange={() => setSilencing(false)} title={`Silence ${count}`}>
          <SilenceForm
            text={matchersText(jointMatchers(labels))}
            chosen={labels}
            onDone={() => {
              setSilencing(false);
              onDone();
            }}
          />
        </Sheet>
      )}
    </div>
  );
}

/** A box before an alert or a group of them. */
export function ChoiceBox({
  choice,
  keys,
  label,
}: {
  readonly choice: AlertChoice;
  readonly keys: readonly string[];
  readonly label: string;
}) {
  const chosen = keys.filter((key) => choice.keys.has(key)).length;
  return (
    <input
      type="checkbox"
      className="alert-choice"
      aria-label={label}
      checked={chosen === keys.length}
      ref={(box) => {
        if (box !== null) box.indeterminate = chosen > 0 && chosen < keys.length;
      }}
      onChange={(event) => choice.choose(keys, event.target.checked)}
    />
  );
}
