import { useEffect, useState } from "react";
import type { Variable } from "#shared/dashboards/dashboard.ts";
import { ChoiceField, NumberField, TextField } from "../../../dashboards/form/fields.tsx";
import { parseCustomOptions } from "../../../dashboards/model/variable_options.ts";
import { Switch } from "../../../overlays/switch.tsx";
import { kindChoices, variableOfKind } from "./variable_kinds.ts";

type Props = {
  readonly variable: Variable;
  /** Names that are taken. */
  readonly others: readonly string[];
  readonly onChange: (variable: Variable) => void;
};

const hides = [
  { value: "no", label: "Name and value" },
  { value: "label", label: "Only the value" },
  { value: "all", label: "Nothing" },
] as const;

/** The settings of one variable. */
export function VariableFields({ variable, others, onChange }: Props) {
  const { label, description, hide } = variable;
  return (
    <div className="form">
      <NameField
        name={variable.name}
        others={others}
        onChange={(name) => onChange({ ...variable, name })}
      />
      <ChoiceField
        label="Kind"
        value={variable.kind}
        choices={kindChoices}
        onChange={(kind) => onChange(variableOfKind(variable, kind))}
      />
      <TextField
        label="Label"
        value={label ?? ""}
        placeholder={variable.name}
        onChange={(text) => onChange({ ...variable, label: text })}
      />
      <TextField
        label="Description"
        value={description ?? ""}
        onChange={(text) => onChange({ ...variable, description: text })}
      />
      <ChoiceField
        label="Shown"
        value={hide}
        choices={hides}
        onChange={(next) => {
          const found = hides.find(({ value }) => value === next)?.value;
          if (found !== undefined) onChange({ ...variable, hide: found });
        }}
      />
      <OwnFields variable={variable} onChange={onChange} />
      {"multi" in variable && variable.kind !== "datasource" && (
        <>
          <Switch
            label="Several can be chosen"
            checked={variable.multi}
            onChange={(multi) => onChange({ ...variable, multi })}
          />
          <Switch
            label="All can be chosen"
            checked={variable.include_all}
            onChange={(all) => onChange({ ...variable, include_all: all })}
          />
          {variable.include_all && (
            <TextField
              label="All stands for"
              value={variable.all_value ?? ""}
              code
              placeholder="every value; or a text such as .*"
              onChange={(text) => {
                const { all_value: _before, ...rest } = variable;
                onChange(text === "" ? rest : { ...rest, all_value: text });
              }}
            />
          )}
        </>
      )}
    </div>
  );
}

/** Only what can be a name, and is not taken, is handed on. */
function NameField({
  name,
  others,
  onChange,
}: {
  readonly name: string;
  readonly others: readonly string[];
  readonly onChange: (name: string) => void;
}) {
  const [draft, setDraft] = useState(name);
  useEffect(() => setDraft(name), [name]);
  const fault = !/^\w{1,100}$/.test(draft)
    ? "expected letters, digits and underscores"
    : others.includes(draft)
      ? `"${draft}" is taken`
      : "";
  return (
    <>
      <TextField
        label="Name"
        value={draft}
        code
        onChange={(text) => {
          setDraft(text);
          if (/^\w{1,100}$/.test(text) && !others.includes(text)) onChange(text);
        }}
      />
      {fault !== "" && <p className="state bad">{fault}</p>}
    </>
  );
}

function OwnFields({ variable, onChange }: Pick<Props, "variable" | "onChange">) {
  switch (variable.kind) {
    case "query":
      return <QueryFields variable={variable} onChange={onChange} />;
    case "custom":
      return (
        <ListText
          label="Values"
          value={variable.options
            .map(({ text, value }) => {
              const [shown, kept] = [text, value].map((each) => each.replaceAll(",", "\\,"));
              return text === value ? kept : `${shown} : ${kept}`;
            })
            .join(", ")}
          placeholder="a, b, name : value"
          onChange={(text) =>
            onChange({
              ...variable,
              options: parseCustomOptions(text).map((each) => ({ ...each })),
            })
          }
        />
      );
    case "constant":
    case "text":
      return (
        <TextField
          label="Value"
          value={variable.value}
          onChange={(value) => onChange({ ...variable, value })}
        />
      );
    case "interval":
      return <IntervalFields variable={variable} onChange={onChange} />;
    case "datasource":
    case "filters":
      return null;
  }
}

const sorts = [
  { value: "none", label: "As they come" },
  { value: "asc", label: "A to Z" },
  { value: "desc", label: "Z to A" },
  { value: "num_asc", label: "Numbers up" },
  { value: "num_desc", label: "Numbers down" },
  { value: "ci_asc", label: "A to Z, any case" },
  { value: "ci_desc", label: "Z to A, any case" },
  { value: "nat_asc", label: "Natural, up" },
  { value: "nat_desc", label: "Natural, down" },
] as const;

const sources = [
  { value: "metrics", label: "Metrics" },
  { value: "logs", label: "Logs" },
] as const;

function QueryFields({
  variable,
  onChange,
}: {
  readonly variable: Extract<Variable, { kind: "query" }>;
  readonly onChange: (variable: Variable) => void;
}) {
  return (
    <>
      <ChoiceField
        label="Source"
        value={variable.source}
        choices={sources}
        onChange={(next) => {
          const found = sources.find(({ value }) => value === next)?.value;
          if (found !== undefined) onChange({ ...variable, source: found });
        }}
      />
      <ListText
        label="Query"
        value={variable.query}
        placeholder="label_values(up, instance)"
        onChange={(query) => onChange({ ...variable, query })}
      />
      <ListText
        label="Keep what matches"
        value={variable.regex ?? ""}
        placeholder="/(?<text>.*):.*/"
        onChange={(regex) => onChange({ ...variable, regex })}
      />
      <ChoiceField
        label="Order"
        value={variable.sort}
        choices={sorts}
        onChange={(next) => {
          const sort = sorts.find(({ value }) => value === next)?.value;
          if (sort !== undefined) onChange({ ...variable, sort });
        }}
      />
    </>
  );
}

function IntervalFields({
  variable,
  onChange,
}: {
  readonly variable: Extract<Variable, { kind: "interval" }>;
  readonly onChange: (variable: Variable) => void;
}) {
  const { auto, ...rest } = variable;
  return (
    <>
      <ListText
        label="Values"
        value={variable.options.join(", ")}
        placeholder="1m, 10m, 1h"
        onChange={(text) =>
          onChange({
            ...variable,
            options: text
              .split(",")
              .map((each) => each.trim())
              .filter(Boolean),
          })
        }
      />
      <Switch
        label="Automatic by the range"
        checked={auto !== undefined}
        onChange={(isOn) => onChange(isOn ? { ...rest, auto: { steps: 30, min: "10s" } } : rest)}
      />
      {auto !== undefined && (
        <>
          <NumberField
            label="Steps"
            value={auto.steps}
            bounds={{ min: 1, max: 10_000, whole: true }}
            onChange={(steps) => onChange({ ...variable, auto: { ...auto, steps: steps ?? 30 } })}
          />
          <TextField
            label="At least"
            value={auto.min}
            onChange={(min) => onChange({ ...variable, auto: { ...auto, min } })}
          />
        </>
      )}
    </>
  );
}

/** A text that is taken over when it is left or Enter is pressed: half of a query asks nothing. */
function ListText({
  label,
  value,
  placeholder,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  readonly onChange: (text: string) => void;
}) {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  const apply = (): void => {
    if (draft !== value) onChange(draft);
  };
  return (
    <div
      onBlur={apply}
      onKeyDown={(event) => {
        if (event.key === "Enter") apply();
      }}
    >
      <TextField label={label} value={draft} code placeholder={placeholder} onChange={setDraft} />
    </div>
  );
}
