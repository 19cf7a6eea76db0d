import { Combobox } from "../../overlays/combobox.tsx";
import { unitGroups } from "../../units/units.ts";
import { FormField } from "./fields.tsx";

type Props = {
  readonly label: string;
  readonly description?: string | undefined;
  readonly value: string;
  readonly onChange: (unit: string) => void;
};

const options = [
  { value: "", label: "Automatic" },
  ...unitGroups.flatMap(({ name, units }) =>
    units.map((unit) => ({ value: unit.id, label: unit.name, detail: name })),
  ),
];

/** A unit by its name; "suffix:…" and the like are taken, too. */
export function UnitField({ label, description, value, onChange }: Props) {
  return (
    <FormField label={label} description={description}>
      <Combobox label={label} options={options} value={value} custom onChange={onChange} />
    </FormField>
  );
}
