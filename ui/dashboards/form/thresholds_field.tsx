import type { Thresholds } from "#shared/dashboards/dashboard.ts";
import { ColorField } from "./color_field.tsx";
import { ChoiceField, NumberField } from "./fields.tsx";
import { Button, IconButton } from "../../elements/buttons.tsx";

type Props = {
  readonly value: Thresholds | undefined;
  readonly onChange: (value: Thresholds | undefined) => void;
};

const modes = [
  { value: "absolute", label: "Values" },
  { value: "percentage", label: "Percent of the range" },
] as const;
const start: Thresholds = { mode: "absolute", steps: [{ value: null, color: "green" }] };

/** Colours from values on; the first holds below all others. */
export function ThresholdsField({ value, onChange }: Props) {
  const { mode, steps } = value ?? start;
  const change = (next: Thresholds["steps"]): void => onChange({ mode, steps: sorted(next) });
  const add = (): void => {
    const last = steps.at(-1)?.value ?? 0;
    change([...steps, { value: last + 10, color: "red" }]);
  };
  return (
    <fieldset className="form-nested">
      <legend>Thresholds</legend>
      {value === undefined ? (
        <p className="quiet">As the kind of the panel has them.</p>
      ) : (
        <>
          <ChoiceField
            label="Thresholds are"
            value={mode}
            choices={modes}
            onChange={(next) =>
              onChange({ mode: next === "percentage" ? "percentage" : "absolute", steps })
            }
          />
          {steps.map((step, i) => (
            <div key={i} className="form-list-item">
              {step.value === null ? (
                <span className="quiet">Below all</span>
              ) : (
                <NumberField
                  label="From"
                  value={step.value}
                  onChange={(from) => {
                    if (from !== undefined) change(steps.with(i, { ...step, value: from }));
                  }}
                />
              )}
              <ColorField
                label="Colour"
                value={step.color}
                onChange={(color) => change(steps.with(i, { ...step, color }))}
              />
              <IconButton
                icon="trash"
                label={`Remove threshold ${i + 1}`}
                onClick={() => change(steps.toSpliced(i, 1))}
              />
            </div>
          ))}
        </>
      )}
      <div className="form-actions">
        <Button icon="plus" onClick={add}>
          Add threshold
        </Button>
        {value !== undefined && <Button onClick={() => onChange(undefined)}>Clear</Button>}
      </div>
    </fieldset>
  );
}

function sorted(steps: Thresholds["steps"]): Thresholds["steps"] {
  return steps.toSorted((a, b) => (a.value ?? -Infinity) - (b.value ?? -Infinity));
}
