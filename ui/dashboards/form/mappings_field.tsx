import type { Mapping } from "#shared/dashboards/dashboard.ts";
import { ColorField } from "./color_field.tsx";
import { ChoiceField, NumberField, TextField } from "./fields.tsx";
import { Button, IconButton } from "../../elements/buttons.tsx";

type Props = {
  readonly value: readonly Mapping[];
  readonly onChange: (value: readonly Mapping[]) => void;
};

const kinds = [
  { value: "value", label: "A value" },
  { value: "range", label: "A range" },
  { value: "regex", label: "A pattern" },
  { value: "special", label: "A special value" },
] as const;
const specials = [
  { value: "null", label: "Nothing" },
  { value: "nan", label: "Not a number" },
  { value: "null+nan", label: "Nothing or not a number" },
  { value: "empty", label: "Empty text" },
  { value: "true", label: "True" },
  { value: "false", label: "False" },
] as const;

/** Words and colours in place of values; the first that fits counts. */
export function MappingsField({ value, onChange }: Props) {
  return (
    <fieldset className="form-nested">
      <legend>Value mappings</legend>
      {value.map((mapping, i) => (
        <div key={i} className="form-list-item">
          <ChoiceField
            label="Of"
            value={mapping.kind}
            choices={kinds}
            onChange={(kind) => onChange(value.with(i, ofKind(kind, mapping.result)))}
          />
          <Condition mapping={mapping} onChange={(next) => onChange(value.with(i, next))} />
          <TextField
            label="Text"
            value={mapping.result.text ?? ""}
            onChange={(text) =>
              onChange(value.with(i, { ...mapping, result: { ...mapping.result, text } }))
            }
          />
          <ColorField
            label="Colour"
            value={mapping.result.color ?? ""}
            onChange={(color) =>
              onChange(value.with(i, { ...mapping, result: { ...mapping.result, color } }))
            }
          />
          <IconButton
            icon="trash"
            label={`Remove mapping ${i + 1}`}
            onClick={() => onChange(value.toSpliced(i, 1))}
          />
        </div>
      ))}
      <Button
        icon="plus"
        onClick={() => onChange([...value, { kind: "value", value: "", result: {} }])}
      >
        Add mapping
      </Button>
    </fieldset>
  );
}

function Condition({
  mapping,
  onChange,
}: {
  readonly mapping: Mapping;
  readonly onChange: (mapping: Mapping) => void;
}) {
  switch (mapping.kind) {
    case "value":
      return (
        <TextField
          label="Value"
          value={mapping.value}
          onChange={(value) => onChange({ ...mapping, value })}
        />
      );
    case "range":
      return (
        <>
          <NumberField
            label="From"
            value={mapping.from ?? undefined}
            placeholder="any"
            onChange={(from) => onChange({ ...mapping, from: from ?? null })}
          />
          <NumberField
            label="To"
            value={mapping.to ?? undefined}
            placeholder="any"
            onChange={(to) => onChange({ ...mapping, to: to ?? null })}
          />
        </>
      );
    case "regex":
      return (
        <TextField
          label="Pattern"
          value={mapping.pattern}
          code
          onChange={(pattern) => onChange({ ...mapping, pattern })}
        />
      );
    case "special":
      return (
        <ChoiceField
          label="Which"
          value={mapping.match}
          choices={specials}
          onChange={(next) => {
            const match = specials.find(({ value }) => value === next)?.value ?? "null";
            onChange({ ...mapping, match });
          }}
        />
      );
  }
}

function ofKind(kind: unknown, result: Mapping["result"]): Mapping {
  switch (kind) {
    case "range":
      return { kind: "range", from: null, to: null, result };
    case "regex":
      return { kind: "regex", pattern: "", result };
    case "special":
      return { kind: "special", match: "null", result };
    default:
      return { kind: "value", value: "", result };
  }
}
