import type { FieldOptions } from "#shared/dashboards/dashboard.ts";
import { Switch } from "../../overlays/switch.tsx";
import { ColorField } from "./color_field.tsx";
import { ChoiceField, NumberField, TextField } from "./fields.tsx";
import { DataLinksField } from "./links_field.tsx";
import { MappingsField } from "./mappings_field.tsx";
import { ThresholdsField } from "./thresholds_field.tsx";
import { UnitField } from "./unit_field.tsx";

export type FieldProperty = Exclude<keyof FieldOptions, "custom">;

/** What any field can have, in the order of the form. */
export const fieldProperties: readonly { readonly name: FieldProperty; readonly title: string }[] =
  [
    { name: "unit", title: "Unit" },
    { name: "decimals", title: "Decimals" },
    { name: "min", title: "Min" },
    { name: "max", title: "Max" },
    { name: "display_name", title: "Name" },
    { name: "description", title: "Description" },
    { name: "no_value", title: "Without a value" },
    { name: "filterable", title: "Filter on click" },
    { name: "color", title: "Colour" },
    { name: "thresholds", title: "Thresholds" },
    { name: "mappings", title: "Value mappings" },
    { name: "links", title: "Data links" },
  ];

const colorModes = [
  { value: "palette-classic", label: "Palette" },
  { value: "palette-classic-by-name", label: "Palette by name" },
  { value: "fixed", label: "One colour" },
  { value: "shades", label: "Shades of one colour" },
  { value: "thresholds", label: "By thresholds" },
  { value: "continuous-GrYlRd", label: "Green, yellow, red" },
  { value: "continuous-RdYlGr", label: "Red, yellow, green" },
  { value: "continuous-BlYlRd", label: "Blue, yellow, red" },
  { value: "continuous-YlRd", label: "Yellow, red" },
  { value: "continuous-BlPu", label: "Blue, purple" },
  { value: "continuous-blues", label: "Blues" },
  { value: "continuous-greens", label: "Greens" },
  { value: "continuous-reds", label: "Reds" },
  { value: "continuous-purples", label: "Purples" },
] as const;

type Props = {
  readonly property: FieldProperty;
  readonly options: FieldOptions;
  readonly onChange: (options: FieldOptions) => void;
};

/** The control of one property of a field. */
export function FieldPropertyControl({ property, options, onChange }: Props) {
  const set = (value: unknown): void => onChange(withProperty(options, property, value));
  const title = fieldProperties.find(({ name }) => name === property)?.title ?? property;
  switch (property) {
    case "unit":
      return <UnitField label={title} value={options.unit ?? ""} onChange={orNothing(set)} />;
    case "decimals":
      return (
        <NumberField
          label={title}
          value={options.decimals}
          bounds={{ min: 0, max: 20, whole: true }}
          placeholder="auto"
          onChange={set}
        />
      );
    case "min":
    case "max":
      return (
        <NumberField label={title} value={options[property]} placeholder="auto" onChange={set} />
      );
    case "display_name":
    case "description":
    case "no_value":
      return <TextField label={title} value={options[property] ?? ""} onChange={orNothing(set)} />;
    case "filterable":
      return <Switch label={title} checked={options.filterable === true} onChange={set} />;
    case "color":
      return <ColorControl options={options} onChange={onChange} />;
    case "thresholds":
      return <ThresholdsField value={options.thresholds} onChange={set} />;
    case "mappings":
      return <MappingsField value={options.mappings ?? []} onChange={set} />;
    case "links":
      return <DataLinksField value={options.links ?? []} onChange={set} />;
  }
}

function ColorControl({ options, onChange }: Omit<Props, "property">) {
  const color = options.color ?? { mode: "palette-classic" };
  const known = colorModes.some(({ value }) => value === color.mode);
  const own = known ? [] : [{ value: color.mode, label: color.mode }];
  return (
    <>
      <ChoiceField
        label="Colour"
        value={color.mode}
        choices={[...colorModes, ...own]}
        onChange={(mode) =>
          onChange({ ...options, color: { ...color, mode: typeof mode === "string" ? mode : "" } })
        }
      />
      {(color.mode === "fixed" || color.mode === "shades") && (
        <ColorField
          label="Which colour"
          value={color.fixed ?? ""}
          onChange={(fixed) => onChange({ ...options, color: { ...color, fixed } })}
        />
      )}
    </>
  );
}

/** An empty text sets nothing. */
function orNothing(set: (value: unknown) => void): (text: string) => void {
  return (text) => set(text === "" ? undefined : text);
}

/** With the property set, or without it. */
export function withProperty(
  options: FieldOptions,
  property: keyof FieldOptions,
  value: unknown,
): FieldOptions {
  const { [property]: _before, ...rest } = options;
  return value === undefined ? rest : { ...rest, [property]: value };
}
