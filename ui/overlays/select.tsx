import * as RadixSelect from "radix-ui/select";
import { Icon } from "../elements/icon.tsx";

export type SelectOption<Value extends string> = {
  readonly value: Value;
  readonly label: string;
  readonly disabled?: boolean;
};

type Props<Value extends string> = {
  /** What is chosen, for screen readers; `showLabel` puts it before the value, too. */
  readonly label: string;
  readonly showLabel?: boolean;
  readonly value: Value;
  readonly options: readonly SelectOption<Value>[];
  readonly onChange: (value: Value) => void;
  readonly disabled?: boolean;
  readonly className?: string;
};

// Radix refuses the empty text as a value; ours may be empty ("none").
const prefix = "=";

/** One of a few choices that fit on a screen. For long lists, or lists that come from data, use Combobox. */
export function Select<Value extends string>(props: Props<Value>) {
  const { label, value, options, onChange, disabled = false } = props;
  const shown = options.find((option) => option.value === value)?.label ?? value;
  return (
    <RadixSelect.Root
      value={prefix + value}
      disabled={disabled}
      onValueChange={(text) => {
        const chosen = options.find((option) => prefix + option.value === text);
        if (chosen !== undefined) onChange(chosen.value);
      }}
    >
      <RadixSelect.Trigger
        className={`button select ${props.className ?? ""}`}
        aria-label={props.showLabel === true ? `${label} ${shown}` : `${label}: ${shown}`}
      >
        {props.showLabel === true && <span className="select-label">{label} </span>}
        <span className="clip">{shown}</span>
        <Icon name="chevron" />
      </RadixSelect.Trigger>
      <RadixSelect.Portal>
        <RadixSelect.Content
          className="popover menu"
          position="popper"
          sideOffset={4}
          collisionPadding={8}
        >
          <RadixSelect.Viewport>
            {options.map((option) => (
              <RadixSelect.Item
                key={option.value}
                value={prefix + option.value}
                disabled={option.disabled ?? false}
                className="menu-item"
              >
                <span className="menu-icon">
                  <RadixSelect.ItemIndicator>
                    <Icon name="check" />
                  </RadixSelect.ItemIndicator>
                </span>
                <RadixSelect.ItemText>{option.label}</RadixSelect.ItemText>
              </RadixSelect.Item>
            ))}
          </RadixSelect.Viewport>
        </RadixSelect.Content>
      </RadixSelect.Portal>
    </RadixSelect.Root>
  );
}
