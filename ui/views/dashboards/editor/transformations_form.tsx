import { useId, useEffect, useState } from "react";
import type { Panel } from "#shared/dashboards/dashboard.ts";
import { FormField } from "../../../dashboards/form/fields.tsx";
import { wordsOf } from "../../../dashboards/form/control.ts";
import { knownTransformations } from "../../../dashboards/model/transform.ts";
import { Combobox } from "../../../overlays/combobox.tsx";
import { Switch } from "../../../overlays/switch.tsx";
import { IconButton } from "../../../widgets/buttons.tsx";

type Transformation = Panel["transformations"][number];

type Props = {
  readonly transformations: readonly Transformation[];
  readonly onChange: (transformations: Transformation[]) => void;
};

/** What is done with the answers before they are drawn, in its order; ids and options are Grafana's. */
export function TransformationsForm({ transformations, onChange }: Props) {
  const move = (i: number, by: number): void => {
    const each = transformations[i];
    if (each === undefined) return;
    onChange(transformations.toSpliced(i, 1).toSpliced(i + by, 0, each));
  };
  return (
    <div className="queries-form">
      {transformations.map((each, i) => (
        <section key={i} className="query-card" aria-label={`Transformation ${i + 1}`}>
          <div className="query-card-head">
            <strong>
              {i + 1}. {wordsOf(each.id)}
            </strong>
            <span className="spacer" />
            <Switch
              label="On"
              checked={each.disabled !== true}
              onChange={(isOn) => onChange(transformations.with(i, { ...each, disabled: !isOn }))}
            />
            <IconButton
              icon="up"
              label={`Move ${each.id} up`}
              disabled={i === 0}
              onClick={() => move(i, -1)}
            />
            <IconButton
              icon="down"
              label={`Move ${each.id} down`}
              disabled={i === transformations.length - 1}
              onClick={() => move(i, 1)}
            />
            <IconButton
              icon="trash"
              label={`Remove ${each.id}`}
              onClick={() => onChange(transformations.toSpliced(i, 1))}
            />
          </div>
          {!knownTransformations.has(each.id) && (
            <p className="state bad">This transformation is not known, and left out.</p>
          )}
          <OptionsText
            options={each.options}
            onChange={(options) => onChange(transformations.with(i, { ...each, options }))}
          />
        </section>
      ))}
      <Combobox
        label="Add a transformation"
        placeholder="Add a transformation"
        value=""
        options={[...knownTransformations].map((id) => ({ value: id, label: wordsOf(id) }))}
        onChange={(id) => onChange([...transformations, { id, options: starts[id] ?? {} }])}
      />
    </div>
  );
}

/** What those that do nothing without options start with, to be written on. */
const starts: Readonly<Record<string, Record<string, unknown>>> = {
  organize: { excludeByName: {}, indexByName: {}, renameByName: {} },
  reduce: { mode: "seriesToRows", reducers: ["lastNotNull"] },
  limit: { limitField: 10 },
  sortBy: { sort: [{ field: "Value", desc: true }] },
  groupBy: { fields: {} },
  joinByField: { byField: "Time", mode: "outer" },
  filterFieldsByName: { include: { pattern: ".*" } },
  filterByRefId: { include: "A" },
  renameByRegex: { regex: "(.*)", renamePattern: "$1" },
  calculateField: {
    mode: "binary",
    binary: { left: "A", operator: "+", right: "B" },
    alias: "Sum",
  },
  filterByValue: { type: "include", match: "all", filters: [] },
  labelsToFields: { mode: "columns" },
};

function OptionsText({
  options,
  onChange,
}: {
  readonly options: Transformation["options"];
  readonly onChange: (options: Record<string, unknown>) => void;
}) {
  const id = useId();
  const written = JSON.stringify(options, undefined, 2);
  const [draft, setDraft] = useState(written);
  const [fault, setFault] = useState("");
  useEffect(() => setDraft(written), [written]);
  const take = (text: string): void => {
    setDraft(text);
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        setFault("expected an object");
        return;
      }
      setFault("");
      if (JSON.stringify(value, undefined, 2) !== written) onChange({ ...value });
    } catch (error) {
      setFault(error instanceof Error ? error.message : "expected JSON");
    }
  };
  return (
    <FormField label="Options (JSON)" htmlFor={id}>
      <textarea
        id={id}
        className="input code"
        rows={Math.min(16, draft.split("\n").length + 1)}
        value={draft}
        spellCheck={false}
        aria-invalid={fault !== ""}
        onChange={(event) => take(event.target.value)}
      />
      {fault !== "" && <span className="state bad">{fault}</span>}
    </FormField>
  );
}
