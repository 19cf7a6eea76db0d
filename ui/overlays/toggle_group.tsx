import * as RadixGroup from "radix-ui/toggle-group";
import { Icon, type IconName } from "../elements/icon.tsx";

export type ToggleOption<Value extends string> = {
  readonly value: Value;
  readonly label: string;
  /** Shown in place of the label, which screen readers and the hover still say. */
  readonly icon?: IconName;
};

type Props<Value extends string> = {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly ToggleOption<Value>[];
  readonly onChange: (value: Value) => void;
  readonly disabled?: boolean;
};

/** One of two to five choices, all in view. */
export function ToggleGroup<Value extends string>(props: Props<Value>) {
  const { label, value, options, onChange, disabled = false } = props;
  return (
    <RadixGroup.Root
      type="single"
      className="toggle-group"
      aria-label={label}
      value={value}
      disabled={disabled}
      onValueChange={(next) => {
        // A click on what is chosen would choose nothing.
        const option = options.find((each) => each.value === next);
        if (option !== undefined) onChange(option.value);
      }}
    >
      {options.map((option) => (
        <RadixGroup.Item
          key={option.value}
          value={option.value}
          className="toggle"
          {...(option.icon !== undefined && { "aria-label": option.label, title: option.label })}
        >
          {option.icon === undefined ? option.label : <Icon name={option.icon} />}
        </RadixGroup.Item>
      ))}
    </RadixGroup.Root>
  );
}
