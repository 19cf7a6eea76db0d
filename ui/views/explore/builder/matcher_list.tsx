import { useState } from "react";
import { Combobox, MultiCombobox } from "../../../overlays/combobox.tsx";
import { Select } from "../../../overlays/select.tsx";
import { type Matcher, matchOperators } from "../../../promql/expr.ts";
import { Icon } from "../../../elements/icon.tsx";
import { searchMatch, useLabelNames, useLabelValues } from "../search_hooks.ts";

type ListProps = {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  readonly onChange: (matchers: readonly Matcher[]) => void;
};

/** The label conditions of a query. Names and values are those that the other conditions leave. */
export function MatcherList({ metric, matchers, onChange }: ListProps) {
  const match = searchMatch(metric, matchers);
  const names = useLabelNames(match);
  const taken = new Set(matchers.map(({ label }) => label));
  const free = (names.data?.results ?? []).filter(
    (name) => !name.startsWith("__") && !taken.has(name),
  );
  return (
    <>
      {matchers.map((matcher, i) => (
        <MatcherField
          key={i}
          matcher={matcher}
          match={searchMatch(metric, matchers.toSpliced(i, 1))}
          onChange={(next) => onChange(matchers.with(i, next))}
          onRemove={() => onChange(matchers.toSpliced(i, 1))}
        />
      ))}
      <Combobox
        label="Add a label"
        value=""
        options={free.map((value) => ({ value }))}
        loading={names.isFetching}
        custom
        onChange={(label) => onChange([...matchers, { label, op: "=", value: "" }])}
        trigger={
          <button type="button" className="button" aria-label="Add a label condition">
            <Icon name="plus" />
            Label
          </button>
        }
      />
    </>
  );
}

type FieldProps = {
  readonly matcher: Matcher;
  readonly match: readonly string[];
  readonly onChange: (matcher: Matcher) => void;
  readonly onRemove: () => void;
};

function MatcherField({ matcher, match, onChange, onRemove }: FieldProps) {
  const { label, op, value } = matcher;
  const [text, setText] = useState("");
  const found = useLabelValues(label, match, text);
  const options = (found.data?.results ?? []).map((each) => ({ value: each }));
  const common = {
    label: `Value of ${label}`,
    options,
    loading: found.isFetching,
    custom: true,
    placeholder: "choose",
    onSearch: setText,
  };
  return (
    <span className="matcher">
      <span className="matcher-label">{label}</span>
      <Select
        label={`Condition of ${label}`}
        value={op}
        options={matchOperators.map((each) => ({ value: each, label: each }))}
        onChange={(next) => onChange({ ...matcher, op: next })}
      />
      {op === "=" || op === "!=" ? (
        <Combobox
          {...common}
          value={value}
          onChange={(next) => onChange({ ...matcher, value: next })}
        />
      ) : (
        <MultiCombobox
          {...common}
          values={alternatives(value)}
          onChange={(next) => onChange({ ...matcher, value: next.join("|") })}
        />
      )}
      <button
        type="button"
        className="icon-button plain"
        aria-label={`Remove the condition of ${label}`}
        onClick={onRemove}
      >
        <Icon name="cross" />
      </button>
    </span>
  );
}

/** A pattern that is a plain list of alternatives is several values; any other is one. */
function alternatives(pattern: string): string[] {
  if (pattern === "") return [];
  return /[()[\]{}\\]/.test(pattern) ? [pattern] : pattern.split("|");
}
