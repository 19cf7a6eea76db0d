import { Combobox } from "../../overlays/combobox.tsx";
import { Menu } from "../../overlays/menu.tsx";
import { Select } from "../../overlays/select.tsx";
import { ToggleGroup } from "../../overlays/toggle_group.tsx";
import { IconButton } from "../../elements/buttons.tsx";
import { Icon } from "../../elements/icon.tsx";
import { columns, optionalColumns, type OptionalColumn } from "./host_columns.ts";
import { hostStates, labelChoices, type HostState, type LabelChip } from "./host_labels.ts";
import type { HostRow } from "./host_rows.ts";

export type HostsLook = {
  readonly view: "table" | "grid";
  readonly state: HostState | undefined;
  readonly chips: readonly LabelChip[];
  /** The label to group by; empty for none. */
  readonly group: string;
  readonly hidden: ReadonlySet<OptionalColumn>;
};

type Props = {
  readonly look: HostsLook;
  /** All hosts: what there is to choose. */
  readonly rows: readonly HostRow[];
  readonly onChange: (look: HostsLook) => void;
};

const views = [
  { value: "table", label: "Table", icon: "table" },
  { value: "grid", label: "Grid", icon: "grid" },
] as const;
const stateWords: Readonly<Record<HostState, string>> = {
  live: "live",
  silent: "silent",
  down: "with targets down",
};

/** Which hosts are shown, and how: by state, by labels, in groups, as rows or cards. */
export function HostTools({ look, rows, onChange }: Props) {
  const choices = labelChoices(rows);
  const names = new Set(choices.map(({ chip }) => chip.name));
  // A link may group by a label that no host has now.
  if (look.group !== "") names.add(look.group);
  const toggle = (id: OptionalColumn): void => {
    const hidden = new Set(look.hidden);
    if (!hidden.delete(id)) hidden.add(id);
    onChange({ ...look, hidden });
  };
  return (
    <>
      <Select
        label="State"
        value={look.state ?? ""}
        options={[
          { value: "", label: "Any state" },
          ...hostStates.map((value) => ({ value, label: stateWords[value] })),
        ]}
        onChange={(state) => onChange({ ...look, state: state === "" ? undefined : state })}
      />
      <LabelChips look={look} choices={choices} onChange={onChange} />
      <Select
        label="Group by"
        showLabel
        value={look.group}
        options={[
          { value: "", label: "none" },
          ...[...names].map((value) => ({ value, label: value })),
        ]}
        onChange={(group) => onChange({ ...look, group })}
      />
      <ToggleGroup
        label="View"
        value={look.view}
        options={views}
        onChange={(view) => onChange({ ...look, view })}
      />
      {look.view === "table" && (
        <Menu
          label="Columns"
          trigger={
            <button type="button" className="button columns-button">
              Columns
              <Icon name="chevron" />
            </button>
          }
          entries={optionalColumns.map((id) => ({
            label: columns.find((column) => column.id === id)?.text ?? id,
            checked: !look.hidden.has(id),
            onSelect: () => toggle(id),
          }))}
        />
      )}
    </>
  );
}

function LabelChips({
  look,
  choices,
  onChange,
}: Pick<Props, "look" | "onChange"> & { readonly choices: ReturnType<typeof labelChoices> }) {
  const { chips } = look;
  const add = (key: string): void => {
    const chip = choices.find((choice) => keyOf(choice.chip) === key)?.chip;
    if (chip === undefined || chips.some((one) => keyOf(one) === key)) return;
    onChange({ ...look, chips: [...chips, chip] });
  };
  return (
    <span className="filter-chips" role="group" aria-label="Filter by label">
      {chips.map((chip, i) => (
        <span key={keyOf(chip)} className="chip">
          <span className="clip">{keyOf(chip)}</span>
          <IconButton
            icon="cross"
            label={`Remove ${keyOf(chip)}`}
            onClick={() => onChange({ ...look, chips: chips.toSpliced(i, 1) })}
          />
        </span>
      ))}
      <Combobox
        label="Filter by label"
        value=""
        options={choices.map(({ chip, hosts }) => ({
          value: keyOf(chip),
          detail: String(hosts),
        }))}
        onChange={add}
        trigger={
          <button type="button" className="button">
            <Icon name="plus" /> Label
          </button>
        }
      />
    </span>
  );
}

function keyOf({ name, value }: LabelChip): string {
  return `${name}=${value}`;
}
