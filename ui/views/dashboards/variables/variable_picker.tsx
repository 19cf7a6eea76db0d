import { useMemo, useState } from "react";
import type { VariableOption } from "../../../dashboards/model/variable_options.ts";
import { allValue } from "../../../dashboards/model/variables.ts";
import { OptionList } from "../../../overlays/option_list.tsx";
import { Popover } from "../../../overlays/popover.tsx";
import { Icon } from "../../../elements/icon.tsx";
import { Button } from "../../../elements/buttons.tsx";
import { queryErrorText } from "../../../widgets/query_error.ts";
import { chosenWords } from "./variables_summary.ts";

type Props = {
  readonly label: string;
  readonly options: readonly VariableOption[];
  /** What is chosen; the value of "all" is one of them. */
  readonly chosen: readonly string[];
  readonly multi: boolean;
  /** Whether a text that is no option can be chosen, too. */
  readonly isFree: boolean;
  readonly failed: string | undefined;
  readonly onChoose: (values: readonly string[]) => void;
};

/** A button that says what is chosen, and under it a list to search. Several are taken over when the list closes. */
export function VariablePicker(props: Props) {
  const { label, options, chosen, multi, isFree, onChoose } = props;
  const failed = props.failed === undefined ? undefined : queryErrorText(props.failed);
  const [draft, setDraft] = useState<readonly string[]>();
  const text = chosenWords(chosen, options);
  const comboOptions = useMemo(
    () => options.map((option) => ({ value: option.value, label: option.text })),
    [options],
  );
  const done = (values: readonly string[]): void => {
    setDraft(undefined);
    if (!same(values, chosen)) onChoose(values);
  };
  const choose = (value: string): void => {
    if (!multi || draft === undefined) return done([value]);
    if (value === allValue) return setDraft([allValue]);
    const others = draft.filter((each) => each !== allValue && each !== value);
    setDraft(draft.includes(value) ? others : [...others, value]);
  };
  return (
    <Popover
      label={label}
      open={draft !== undefined}
      onOpenChange={(open) => (open ? setDraft(chosen) : done(draft ?? chosen))}
      className="combo"
      trigger={
        <button
          type="button"
          className={failed === undefined ? "button variable" : "button variable failed-variable"}
          title={failed ?? text}
          aria-label={`${label}: ${text}`}
        >
          {failed !== undefined && <Icon name="warning" />}
          <span className="clip">{text}</span>
          <Icon name="chevron" />
        </button>
      }
    >
      {failed !== undefined && <p className="state bad variable-failure">{failed}</p>}
      <OptionList
        label={label}
        options={comboOptions}
        chosen={draft ?? chosen}
        onChoose={choose}
        onSearch={undefined}
        loading={false}
        custom={isFree}
        multiple={multi}
      />
      {multi && (
        <div className="variable-actions">
          <Button onClick={() => setDraft([])}>Clear</Button>
          <Button kind="primary" onClick={() => done(draft ?? chosen)}>
            Apply
          </Button>
        </div>
      )}
    </Popover>
  );
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}
