import * as RadixSwitch from "radix-ui/switch";
import { useId } from "react";

type Props = {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
  /** Its label is only read out: what stands beside it says the same. */
  readonly hideLabel?: boolean;
};

/** Something that is on or off, at once. */
export function Switch({ label, checked, onChange, disabled = false, hideLabel = false }: Props) {
  const id = useId();
  return (
    <span className="switch-field">
      <RadixSwitch.Root
        id={id}
        className="switch"
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
      >
        <RadixSwitch.Thumb className="switch-thumb" />
      </RadixSwitch.Root>
      <label htmlFor={id} className={hideLabel ? "hidden" : undefined}>
        {label}
      </label>
    </span>
  );
}
