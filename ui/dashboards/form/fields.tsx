import { useEffect, useId, useState, type ReactNode } from "react";
import { Select } from "../../overlays/select.tsx";
import type { Bounds, Choice } from "./control.ts";

type Labelled = {
  readonly label: string;
  readonly description?: string | undefined;
};

/** A label over what it names, and a word about it. */
export function FormField({
  label,
  description,
  htmlFor,
  children,
}: Labelled & { readonly htmlFor?: string; readonly children: ReactNode }) {
  return (
    <div className="form-field">
      <label htmlFor={htmlFor} title={description}>
        {label}
      </label>
      {children}
    </div>
  );
}

type TextProps = Labelled & {
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly placeholder?: string;
  readonly lines?: boolean;
  readonly code?: boolean;
  /** Names to choose from; any other text is taken, too. */
  readonly suggestions?: readonly string[];
};

export function TextField(props: TextProps) {
  const { label, description, value, onChange, placeholder, lines = false, code = false } = props;
  const { suggestions } = props;
  const id = useId();
  const common = {
    id,
    value,
    placeholder,
    spellCheck: !code,
    className: code ? "input code" : "input",
  };
  return (
    <FormField label={label} description={description} htmlFor={id}>
      {lines ? (
        <textarea {...common} rows={5} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <input
          {...common}
          type="text"
          list={suggestions === undefined ? undefined : `${id}-list`}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {suggestions !== undefined && (
        <datalist id={`${id}-list`}>
          {suggestions.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </FormField>
  );
}

type NumberProps = Labelled & {
  readonly value: number | undefined;
  readonly onChange: (value: number | undefined) => void;
  readonly bounds?: Bounds;
  readonly placeholder?: string;
};

/** A number, or nothing. What is typed stands as typed; only what is a number within bounds is handed on. */
export function NumberField(props: NumberProps) {
  const { label, description, value, onChange, bounds, placeholder } = props;
  const id = useId();
  const shown = value === undefined ? "" : String(value);
  const [draft, setDraft] = useState(shown);
  useEffect(() => {
    setDraft((now) => (readNumber(now, bounds) === value ? now : shown));
  }, [value, shown, bounds]);
  const isWrong = draft.trim() !== "" && readNumber(draft, bounds) === undefined;
  return (
    <FormField label={label} description={description} htmlFor={id}>
      <input
        id={id}
        className="input"
        inputMode="decimal"
        value={draft}
        placeholder={placeholder}
        aria-invalid={isWrong}
        title={isWrong ? `expected ${boundsText(bounds)}` : description}
        onChange={(event) => {
          const text = event.target.value;
          setDraft(text);
          const next = readNumber(text, bounds);
          if (next !== undefined || text.trim() === "") onChange(next);
        }}
        onBlur={() => setDraft(shown)}
      />
    </FormField>
  );
}

function readNumber(text: string, bounds: Bounds | undefined): number | undefined {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) return undefined;
  if (bounds === undefined) return value;
  const { min = -Infinity, max = Infinity, whole } = bounds;
  return value < min || value > max || (whole && !Number.isInteger(value)) ? undefined : value;
}

function boundsText(bounds: Bounds | undefined): string {
  const { min, max, whole = false } = bounds ?? {};
  const what = whole ? "a whole number" : "a number";
  if (min !== undefined && max !== undefined) return `${what} from ${min} to ${max}`;
  if (min !== undefined) return `${what} of at least ${min}`;
  return max === undefined ? what : `${what} of at most ${max}`;
}

type SliderProps = Labelled & {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  readonly onChange: (value: number) => void;
};

export function SliderField(props: SliderProps) {
  const { label, description, value, min, max, whole, onChange } = props;
  const id = useId();
  return (
    <FormField label={label} description={description} htmlFor={id}>
      <span className="slider">
        <input
          id={id}
          type="range"
          min={min}
          max={max}
          step={whole ? 1 : (max - min) / 100}
          value={value}
          onChange={(event) => onChange(Number(event.target.value))}
        />
        <output htmlFor={id}>{value}</output>
      </span>
    </FormField>
  );
}

type ChoiceProps = Labelled & {
  readonly value: unknown;
  readonly choices: readonly Choice[];
  readonly onChange: (value: unknown) => void;
};

export function ChoiceField({ label, description, value, choices, onChange }: ChoiceProps) {
  const at = choices.findIndex((choice) => choice.value === value);
  return (
    <FormField label={label} description={description}>
      <Select
        label={label}
        value={at < 0 ? "" : String(at)}
        options={choices.map((choice, i) => ({ value: String(i), label: choice.label }))}
        onChange={(next) => onChange(choices[Number(next)]?.value)}
      />
    </FormField>
  );
}

type JsonProps = Labelled & {
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
};

/** What has no control of its own, as JSON. Only what is JSON is handed on. */
export function JsonField({ label, description, value, onChange }: JsonProps) {
  const id = useId();
  const shown = value === undefined ? "" : JSON.stringify(value);
  const [draft, setDraft] = useState(shown);
  const [isWrong, setWrong] = useState(false);
  useEffect(() => setDraft(shown), [shown]);
  return (
    <FormField label={label} description={description} htmlFor={id}>
      <input
        id={id}
        className="input code"
        value={draft}
        placeholder="JSON"
        aria-invalid={isWrong}
        title={isWrong ? "expected JSON" : description}
        onChange={(event) => {
          setDraft(event.target.value);
          try {
            onChange(event.target.value === "" ? undefined : JSON.parse(event.target.value));
            setWrong(false);
          } catch {
            setWrong(true);
          }
        }}
      />
    </FormField>
  );
}

/** A part of a form that opens and closes under its heading. */
export function FormSection({
  title,
  open = true,
  tools,
  children,
}: {
  readonly title: string;
  readonly open?: boolean;
  readonly tools?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <details className="form-section" open={open}>
      <summary>
        {title}
        {tools}
      </summary>
      <div className="form-section-body">{children}</div>
    </details>
  );
}
