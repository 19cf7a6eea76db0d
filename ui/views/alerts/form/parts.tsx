import { useId, type ReactNode } from "react";
import { MultiCombobox } from "../../../overlays/combobox.tsx";
import { Select } from "../../../overlays/select.tsx";
import { comparisons, type Comparison } from "./alert_form.ts";

/** A line of fields that reads as a sentence. */
export function Line({ children }: { readonly children: ReactNode }) {
  return <div className="builder-line">{children}</div>;
}

/** A short text in a line: a number, a duration. */
export function ShortField({
  label,
  value,
  onChange,
  unit,
}: {
  /** Empty where the words before it say what it is. */
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Behind the field. */
  readonly unit?: string;
}) {
  const id = useId();
  return (
    <span className="short-field">
      {label !== "" && <label htmlFor={id}>{label}</label>}
      <input
        id={id}
        {...(label === "" && { "aria-label": "Value" })}
        className="input"
        value={value}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
      {unit}
    </span>
  );
}

export function ComparisonField({
  value,
  onChange,
}: {
  readonly value: Comparison;
  readonly onChange: (value: Comparison) => void;
}) {
  return (
    <Select
      label="Comparison"
      value={value}
      options={comparisons.map((op) => ({ value: op, label: comparisonWords[op] }))}
      onChange={onChange}
    />
  );
}

const comparisonWords: Readonly<Record<Comparison, string>> = {
  ">": "is above",
  ">=": "is at least",
  "<": "is below",
  "<=": "is at most",
  "==": "is",
  "!=": "is not",
};

/** Names of labels, of those that there are or others. */
export function LabelsField({
  label,
  known,
  values,
  onChange,
}: {
  readonly label: string;
  readonly known: readonly string[];
  readonly values: readonly string[];
  readonly onChange: (values: readonly string[]) => void;
}) {
  const options = [...new Set([...known, ...values])].map((value) => ({ value }));
  return (
    <MultiCombobox
      label={label}
      showLabel
      values={values}
      options={options}
      custom
      placeholder="none"
      onChange={onChange}
    />
  );
}
