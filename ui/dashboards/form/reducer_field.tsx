import { reducers } from "../../frames/reduce.ts";
import { Combobox, MultiCombobox } from "../../overlays/combobox.tsx";
import { FormField } from "./fields.tsx";

const options = reducers.map(({ id, name }) => ({ value: id, label: name }));

type Common = { readonly label: string; readonly description?: string | undefined };

/** How one value is made of a series. */
export function ReducerField({
  label,
  description,
  value,
  onChange,
}: Common & { readonly value: string; readonly onChange: (id: string) => void }) {
  return (
    <FormField label={label} description={description}>
      <Combobox label={label} options={options} value={value} onChange={onChange} />
    </FormField>
  );
}

/** Several of them, in the order they are shown. */
export function ReducersField({
  label,
  description,
  value,
  onChange,
}: Common & {
  readonly value: readonly string[];
  readonly onChange: (ids: readonly string[]) => void;
}) {
  return (
    <FormField label={label} description={description}>
      <MultiCombobox label={label} options={options} values={value} onChange={onChange} />
    </FormField>
  );
}
