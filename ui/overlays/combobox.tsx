import { useState, type ReactElement } from "react";
import { Icon } from "../elements/icon.tsx";
import { OptionList, type ComboOption } from "./option_list.tsx";
import { Popover } from "./popover.tsx";

export type { ComboOption } from "./option_list.tsx";

type Common = {
  readonly label: string;
  /** Puts the label before the value, too. */
  readonly showLabel?: boolean;
  readonly options: readonly ComboOption[];
  /** Called with what is typed, where the options are searched elsewhere; they are then shown as they come. */
  readonly onSearch?: (text: string) => void;
  readonly loading?: boolean;
  /** Whether what is typed may be taken although no option says so. */
  readonly custom?: boolean;
  readonly placeholder?: string;
  readonly disabled?: boolean;
  /** A button in place of the usual one. */
  readonly trigger?: ReactElement;
};

type Props = Common & {
  readonly value: string;
  readonly onChange: (value: string) => void;
};

/** One of many choices, found by typing. */
export function Combobox(props: Props) {
  const [open, setOpen] = useState(false);
  const { value, onChange, ...common } = props;
  const shown = props.options.find((option) => option.value === value)?.label ?? value;
  const choose = (next: string): void => {
    setOpen(false);
    onChange(next);
  };
  return (
    <Popover
      label={props.label}
      open={open}
      onOpenChange={setOpen}
      className="combo"
      trigger={props.trigger ?? triggerOf(common, shown)}
    >
      <OptionList {...listProps(common)} chosen={[value]} onChoose={choose} />
    </Popover>
  );
}

type MultiProps = Common & {
  readonly values: readonly string[];
  readonly onChange: (values: readonly string[]) => void;
  /** The value that stands for all: choosing it drops the others, and the other way round. */
  readonly exclusive?: string;
};

/** Several of many choices. The list stays open while they are chosen. */
export function MultiCombobox(props: MultiProps) {
  const { values, onChange, exclusive, ...common } = props;
  const choose = (value: string): void => {
    if (values.includes(value)) onChange(values.filter((each) => each !== value));
    else if (value === exclusive) onChange([value]);
    else onChange([...values.filter((each) => each !== exclusive), value]);
  };
  const words = values.map(
    (value) => props.options.find((option) => option.value === value)?.label ?? value,
  );
  return (
    <Popover
      label={props.label}
      className="combo"
      trigger={props.trigger ?? triggerOf(common, words.join(", "))}
    >
      <OptionList {...listProps(common)} chosen={values} onChoose={choose} multiple />
    </Popover>
  );
}

function triggerOf(
  { label, showLabel = false, placeholder = "Choose", disabled = false }: Omit<Common, "options">,
  shown: string,
): ReactElement {
  const text = shown === "" ? placeholder : shown;
  return (
    <button
      type="button"
      className="button select"
      aria-label={showLabel ? `${label} ${text}` : `${label}: ${text}`}
      title={text}
      disabled={disabled}
    >
      {showLabel && <span className="select-label">{label} </span>}
      <span className={shown === "" ? "clip quiet" : "clip"}>{text}</span>
      <Icon name="chevron" />
    </button>
  );
}

function listProps({ label, options, onSearch, loading = false, custom = false }: Common) {
  return { label, options, onSearch, loading, custom };
}
