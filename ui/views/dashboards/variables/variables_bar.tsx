import { useEffect, useId, useState, type ReactNode } from "react";
import type { Matcher } from "#shared/model/labels.ts";
import { allValue, filterText, type VariableState } from "../../../dashboards/model/variables.ts";
import { FilterChips } from "./filter_chips.tsx";
import type { VariableStates } from "../state/use_variables.ts";
import { VariablePicker } from "./variable_picker.tsx";
import { isShown, labelOf } from "./variables_summary.ts";

type Props = {
  readonly id?: string;
  readonly states: VariableStates;
  readonly onChoose: (name: string, values: readonly string[]) => void;
  /** What stands beside the variables: annotations, links. */
  readonly children?: ReactNode;
};

/** The variables of a dashboard, each with its name before it. */
export function VariablesBar({ id, states, onChoose, children }: Props) {
  const shown = [...states.values()].filter(({ variable }) => isShown(variable));
  return (
    <div id={id} className="variables" role="group" aria-label="Variables">
      {shown.map((state) => (
        <VariableField
          key={state.variable.name}
          state={state}
          onChoose={(values) => onChoose(state.variable.name, values)}
        />
      ))}
      {children}
    </div>
  );
}

type FieldProps = {
  readonly state: VariableState;
  readonly onChoose: (values: readonly string[]) => void;
};

function VariableField({ state, onChoose }: FieldProps) {
  const { variable } = state;
  const label = labelOf(variable);
  const control =
    variable.kind === "text" ? (
      <TextVariable label={label} value={state.chosen[0] ?? ""} onChoose={onChoose} />
    ) : variable.kind === "filters" ? (
      <FilterChips
        label={label}
        filters={state.filters}
        onChange={(filters: readonly Matcher[]) => onChoose(filters.map(filterText))}
      />
    ) : (
      <Picker label={label} state={state} onChoose={onChoose} />
    );
  return (
    <div className="variable-field" title={variable.description}>
      {variable.hide !== "label" && <span className="variable-label">{label}</span>}
      {control}
    </div>
  );
}

function Picker({ label, state, onChoose }: FieldProps & { readonly label: string }) {
  const { variable, options, chosen, failed } = state;
  const hasChoice = "multi" in variable;
  const all = hasChoice && variable.include_all ? [{ text: "All", value: allValue }] : [];
  return (
    <VariablePicker
      label={label}
      options={[...all, ...options]}
      chosen={chosen}
      multi={hasChoice && variable.multi}
      isFree={variable.kind === "query" || variable.kind === "custom"}
      failed={failed}
      onChoose={onChoose}
    />
  );
}

function TextVariable({
  label,
  value,
  onChoose,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChoose: (values: readonly string[]) => void;
}) {
  const id = useId();
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  const apply = (): void => {
    if (draft !== value) onChoose([draft]);
  };
  return (
    <input
      id={id}
      className="input"
      aria-label={label}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={apply}
      onKeyDown={(event) => {
        if (event.key === "Enter") apply();
      }}
    />
  );
}
