import { useId, type ReactNode } from "react";
import { Button, IconButton } from "../../../elements/buttons.tsx";
import type { Pair } from "./rule_draft.ts";

type FieldProps = {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  /** What is wrong with it. */
  readonly fault?: string | undefined;
  /** Values that are offered. */
  readonly known?: readonly string[];
  readonly isLong?: boolean;
  readonly disabled?: boolean;
};

/** A labelled text with its fault below it. */
export function TextInput(props: FieldProps) {
  const { label, value, onChange, placeholder, fault, known, isLong = false } = props;
  const id = useId();
  const common = {
    id,
    className: "input",
    value,
    placeholder,
    spellCheck: false,
    disabled: props.disabled,
    "aria-invalid": fault !== undefined,
  };
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      {isLong ? (
        <textarea {...common} rows={2} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <input
          {...common}
          {...(known !== undefined && { list: `${id}-known` })}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {known !== undefined && (
        <datalist id={`${id}-known`}>
          {known.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
      {fault !== undefined && <p className="field-fault">{fault}</p>}
    </div>
  );
}

type PairsProps = {
  readonly label: string;
  readonly pairs: readonly Pair[];
  readonly onChange: (pairs: readonly Pair[]) => void;
  readonly addWord: string;
  readonly fault?: string | undefined;
  readonly children?: ReactNode;
};

/** Names with their values, any number of them. */
export function PairsInput({ label, pairs, onChange, addWord, fault, children }: PairsProps) {
  const set = (at: number, part: Partial<Pair>): void =>
    onChange(pairs.map((pair, i) => (i === at ? { ...pair, ...part } : pair)));
  return (
    <fieldset className="rule-pairs">
      <legend>{label}</legend>
      {children}
      {pairs.map((pair, i) => (
        <div key={i} className="rule-pair">
          <input
            className="input"
            aria-label={`Name ${i + 1} of ${label}`}
            placeholder="name"
            value={pair.name}
            spellCheck={false}
            onChange={(event) => set(i, { name: event.target.value })}
          />
          <input
            className="input"
            aria-label={`Value ${i + 1} of ${label}`}
            placeholder="value"
            value={pair.value}
            spellCheck={false}
            onChange={(event) => set(i, { value: event.target.value })}
          />
          <IconButton
            icon="trash"
            label={`Remove ${pair.name === "" ? `${i + 1} of ${label}` : pair.name}`}
            onClick={() => onChange(pairs.toSpliced(i, 1))}
          />
        </div>
      ))}
      {fault !== undefined && <p className="field-fault">{fault}</p>}
      <Button icon="plus" onClick={() => onChange([...pairs, { name: "", value: "" }])}>
        {addWord}
      </Button>
    </fieldset>
  );
}
