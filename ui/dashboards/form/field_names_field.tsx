import { MultiCombobox } from "../../overlays/combobox.tsx";
import { FormField } from "./fields.tsx";

type Props = {
  readonly label: string;
  readonly description?: string | undefined;
  readonly value: readonly string[];
  /** Of the fields that there are; one that was chosen before may be no more. */
  readonly names: readonly string[];
  readonly onChange: (names: readonly string[]) => void;
};

/** Several fields by their names. */
export function FieldNamesField({ label, description, value, names, onChange }: Props) {
  const options = [...new Set([...names, ...value])].map((name) => ({ value: name, label: name }));
  return (
    <FormField label={label} description={description}>
      <MultiCombobox
        label={label}
        placeholder="None"
        options={options}
        values={value}
        onChange={onChange}
      />
    </FormField>
  );
}
