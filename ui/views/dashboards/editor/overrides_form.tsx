import type { FieldOptions, Panel } from "#shared/dashboards/dashboard.ts";
import type { Member } from "../../../dashboards/form/control.ts";
import {
  FieldPropertyControl,
  fieldProperties,
  withProperty,
  type FieldProperty,
} from "../../../dashboards/form/field_options_form.tsx";
import { ChoiceField, FormSection, TextField } from "../../../dashboards/form/fields.tsx";
import { OptionsForm, withMember } from "../../../dashboards/form/form.tsx";
import { Combobox } from "../../../overlays/combobox.tsx";
import { Button, IconButton } from "../../../elements/buttons.tsx";

type Override = Panel["overrides"][number];

type Props = {
  readonly overrides: readonly Override[];
  /** Controls of the kind's own options of a field. */
  readonly members: readonly Member[];
  readonly fieldNames: readonly string[];
  readonly onChange: (overrides: Override[]) => void;
};

const matchers = [
  { value: "name", label: "The field named" },
  { value: "names", label: "The fields named" },
  { value: "others", label: "All fields but" },
  { value: "regex", label: "Fields that match" },
  { value: "type", label: "Fields of the type" },
  { value: "query", label: "Fields of the query" },
  { value: "value", label: "Fields whose value" },
] as const;

/** Other options for some of the fields; the last that fits counts. */
export function OverridesForm({ overrides, members, fieldNames, onChange }: Props) {
  return (
    <FormSection title={`Overrides (${overrides.length})`} open={overrides.length > 0}>
      {overrides.map((override, i) => (
        <OverrideForm
          key={i}
          at={i}
          override={override}
          members={members}
          fieldNames={fieldNames}
          onChange={(next) => onChange(overrides.with(i, next))}
          onRemove={() => onChange(overrides.toSpliced(i, 1))}
        />
      ))}
      <Button
        icon="plus"
        onClick={() => onChange([...overrides, { match: { by: "name", value: "" }, set: {} }])}
      >
        Add override
      </Button>
    </FormSection>
  );
}

type OneProps = Omit<Props, "overrides" | "onChange"> & {
  readonly at: number;
  readonly override: Override;
  readonly onChange: (override: Override) => void;
  readonly onRemove: () => void;
};

function OverrideForm(props: OneProps) {
  const { at, override, members, fieldNames, onChange, onRemove } = props;
  const { match, set } = override;
  const custom = set.custom ?? {};
  const ownMembers = members.filter(([name]) => name in custom);
  const setOptions = (next: FieldOptions): void => onChange({ ...override, set: next });
  const setCustom = (name: string, value: unknown): void =>
    setOptions(withProperty(set, "custom", withMember(custom, name, value)));
  const shown = fieldProperties.filter(({ name }) => name in set);
  return (
    <fieldset className="form-nested">
      <legend>Override {at + 1}</legend>
      <ChoiceField
        label="For"
        value={match.by}
        choices={matchers}
        onChange={(next) => {
          const by = matchers.find(({ value }) => value === next)?.value ?? "name";
          onChange({ ...override, match: { ...match, by } });
        }}
      />
      <TextField
        label="Which"
        value={match.value}
        suggestions={match.by === "name" ? fieldNames : []}
        onChange={(value) => onChange({ ...override, match: { ...match, value } })}
      />
      {shown.map(({ name, title }) => (
        <Removable
          key={name}
          title={title}
          onRemove={() => setOptions(withProperty(set, name, undefined))}
        >
          <FieldPropertyControl property={name} options={set} onChange={setOptions} />
        </Removable>
      ))}
      {ownMembers.map(([name, control]) => (
        <Removable key={name} title={control.title} onRemove={() => setCustom(name, undefined)}>
          <OptionsForm
            title={control.title}
            members={[[name, { ...control, group: undefined, when: undefined }]]}
            values={custom}
            fieldNames={fieldNames}
            onChange={setCustom}
          />
        </Removable>
      ))}
      <div className="form-actions">
        <AddProperty set={set} members={members} onSet={setOptions} onCustom={setCustom} />
        <Button icon="trash" onClick={onRemove}>
          Remove override
        </Button>
      </div>
    </fieldset>
  );
}

type AddProps = {
  readonly set: FieldOptions;
  readonly members: readonly Member[];
  readonly onSet: (set: FieldOptions) => void;
  readonly onCustom: (name: string, value: unknown) => void;
};

function AddProperty({ set, members, onSet, onCustom }: AddProps) {
  const custom = set.custom ?? {};
  return (
    <Combobox
      label="Add a property"
      value=""
      placeholder="Add a property"
      options={[
        ...fieldProperties
          .filter(({ name }) => !(name in set))
          .map(({ name, title }) => ({ value: `field:${name}`, label: title })),
        ...members
          .filter(([name]) => !(name in custom))
          .map(([name, { title, group }]) => ({
            value: `own:${name}`,
            label: title,
            ...(group === undefined ? {} : { detail: group }),
          })),
      ]}
      onChange={(chosen) => {
        const [where, name = ""] = chosen.split(":");
        if (where === "own") {
          onCustom(name, members.find((member) => member[0] === name)?.[1].preset ?? null);
        } else {
          const property = fieldProperties.find((each) => each.name === name)?.name;
          if (property !== undefined) onSet(withProperty(set, property, first(property)));
        }
      }}
    />
  );
}

/** What a property starts with: something that the schema takes. */
function first(property: FieldProperty): unknown {
  switch (property) {
    case "decimals":
    case "min":
      return 0;
    case "max":
      return 100;
    case "filterable":
      return true;
    case "color":
      return { mode: "fixed", fixed: "blue" };
    case "thresholds":
      return { mode: "absolute", steps: [{ value: null, color: "green" }] };
    case "mappings":
    case "links":
      return [];
    default:
      return "";
  }
}

function Removable({
  title,
  onRemove,
  children,
}: {
  readonly title: string;
  readonly onRemove: () => void;
  readonly children: React.ReactNode;
}) {
  return (
    <div className="form-list-item">
      <div className="form-list-item-body">{children}</div>
      <IconButton icon="trash" label={`Do not override ${title}`} onClick={onRemove} />
    </div>
  );
}
