import { useId } from "react";
import { resolveColor } from "../../plot/colors.ts";
import { useDark } from "../../state/theme.ts";
import { FormField } from "./fields.tsx";

/** Names that both themes have a shade of. */
const colorNames = [
  "green",
  "yellow",
  "orange",
  "red",
  "blue",
  "purple",
  "dark-green",
  "dark-yellow",
  "dark-orange",
  "dark-red",
  "dark-blue",
  "dark-purple",
  "light-green",
  "light-yellow",
  "light-orange",
  "light-red",
  "light-blue",
  "light-purple",
  "text",
  "transparent",
] as const;

type Props = {
  readonly label: string;
  readonly description?: string | undefined;
  readonly value: string;
  readonly onChange: (color: string) => void;
};

/** A colour of the palette by its name, or one by its hex digits. */
export function ColorField({ label, description, value, onChange }: Props) {
  const id = useId();
  // The browser's own field takes six digits, and nothing else.
  const shown = resolveColor(value, useDark())?.slice(0, 7) ?? "";
  return (
    <FormField label={label} description={description} htmlFor={id}>
      <span className="color-field">
        <input
          type="color"
          aria-label={`${label}: pick`}
          value={/^#[0-9a-f]{6}$/i.test(shown) ? shown : "#808080"}
          onChange={(event) => onChange(event.target.value)}
        />
        <input
          id={id}
          className="input"
          value={value}
          list={`${id}-names`}
          placeholder="green, #1a7f64"
          onChange={(event) => onChange(event.target.value)}
        />
        <datalist id={`${id}-names`}>
          {colorNames.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </span>
    </FormField>
  );
}
