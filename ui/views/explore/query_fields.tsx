import { useEffect, useState } from "react";
import { parseDuration } from "#shared/text/duration.ts";

type FieldProps = { readonly value: string; readonly onChange: (value: string) => void };

/** Names of the series, as a pattern of labels. */
export function LegendField({ value, onChange }: FieldProps) {
  return (
    <TextField
      label="Legend"
      placeholder="automatic, or {{label}}"
      value={value}
      onChange={onChange}
      isValid={() => true}
    />
  );
}

/** The smallest step. */
export function StepField({ value, onChange }: FieldProps) {
  return (
    <TextField
      label="Min step"
      placeholder="auto"
      value={value}
      onChange={onChange}
      isValid={(text) => text === "" || parseDuration(text) !== undefined}
      hint='expected a duration such as "15s"'
      short
    />
  );
}

type TextProps = FieldProps & {
  readonly label: string;
  readonly placeholder?: string;
  readonly isValid: (text: string) => boolean;
  readonly hint?: string;
  readonly short?: boolean;
};

/** Text that counts when it is done: on Enter, and when the focus leaves. */
export function TextField(props: TextProps) {
  const { label, placeholder = "", value, onChange, isValid, hint, short = false } = props;
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  const isWrong = !isValid(draft.trim());
  const take = (): void => {
    const text = draft.trim();
    if (text !== value && isValid(text)) onChange(text);
  };
  return (
    <label className={short ? "labelled-field short" : "labelled-field"}>
      <span>{label}</span>
      <input
        type="text"
        value={draft}
        placeholder={placeholder}
        maxLength={500}
        aria-invalid={isWrong}
        title={isWrong ? `${draft}: ${hint ?? ""}` : undefined}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === "Enter") take();
        }}
      />
    </label>
  );
}
