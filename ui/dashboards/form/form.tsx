import { Switch } from "../../overlays/switch.tsx";
import { ColorField } from "./color_field.tsx";
import { grouped, isShown, type Control, type Member } from "./control.ts";
import {
  ChoiceField,
  FormSection,
  JsonField,
  NumberField,
  SliderField,
  TextField,
} from "./fields.tsx";
import { FieldNamesField } from "./field_names_field.tsx";
import { ReducerField, ReducersField } from "./reducer_field.tsx";
import { UnitField } from "./unit_field.tsx";
import { Button, IconButton } from "../../elements/buttons.tsx";

type Values = Readonly<Record<string, unknown>>;

type FormProps = {
  readonly members: readonly Member[];
  readonly values: Values;
  /** Undefined takes a value out: the kind's own default counts then. */
  readonly onChange: (name: string, value: unknown) => void;
  /** Names of fields, for options that choose one. */
  readonly fieldNames: readonly string[];
};

/** The editor of a kind's options, made from its schema: a section a group. */
export function OptionsForm(props: FormProps & { readonly title: string }) {
  return grouped(props.members).map(([group, members]) => (
    <FormSection key={group} title={group === "" ? props.title : group}>
      <Members {...props} members={members} siblings={props.members} />
    </FormSection>
  ));
}

/** The same without sections, for what has few options. */
export function MembersForm(props: FormProps) {
  return <Members {...props} siblings={props.members} />;
}

function Members({
  members,
  siblings,
  values,
  onChange,
  fieldNames,
}: FormProps & { readonly siblings: readonly Member[] }) {
  return members.flatMap(([name, control]) =>
    isShown(control, siblings, values)
      ? [
          <ControlField
            key={name}
            control={control}
            value={values[name] ?? control.preset}
            fieldNames={fieldNames}
            onChange={(value) => onChange(name, value)}
          />,
        ]
      : [],
  );
}

type ControlProps = {
  readonly control: Control;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly fieldNames: readonly string[];
};

function ControlField(props: ControlProps) {
  const { control, value, onChange, fieldNames } = props;
  const { title: label, description, shape } = control;
  const words = { label, description };
  const text = typeof value === "string" ? value : "";
  switch (shape.kind) {
    case "switch":
      return (
        <div className="form-field" title={description}>
          <Switch label={label} checked={value === true} onChange={onChange} />
        </div>
      );
    case "choice":
      return <ChoiceField {...words} value={value} choices={shape.choices} onChange={onChange} />;
    case "number":
      return <NumberControl {...props} shape={shape} />;
    case "text":
      return (
        <TextField
          {...words}
          value={text}
          lines={shape.lines}
          code={shape.code}
          onChange={onChange}
        />
      );
    case "color":
      return <ColorField {...words} value={text} onChange={onChange} />;
    case "unit":
      return <UnitField {...words} value={text} onChange={onChange} />;
    case "reducer":
      return <ReducerField {...words} value={text} onChange={onChange} />;
    case "reducers":
      return <ReducersField {...words} value={textsOf(value)} onChange={onChange} />;
    case "field_name":
      return <TextField {...words} value={text} suggestions={fieldNames} onChange={onChange} />;
    case "field_names":
      return (
        <FieldNamesField {...words} value={textsOf(value)} names={fieldNames} onChange={onChange} />
      );
    case "object":
      return (
        <fieldset className="form-nested">
          <legend title={description}>{label}</legend>
          <Members
            members={shape.members}
            siblings={shape.members}
            values={recordOf(value)}
            fieldNames={fieldNames}
            onChange={(name, next) => onChange(withMember(recordOf(value), name, next))}
          />
        </fieldset>
      );
    case "list":
      return <ListControl {...props} item={shape.item} />;
    case "json":
      return <JsonField {...words} value={value} onChange={onChange} />;
  }
}

function NumberControl({
  control,
  value,
  onChange,
  shape,
}: ControlProps & { readonly shape: Extract<Control["shape"], { kind: "number" }> }) {
  const { title: label, description, preset } = control;
  const { min, max, whole } = shape.bounds;
  const number = typeof value === "number" ? value : undefined;
  if (shape.slider && min !== undefined && max !== undefined) {
    const slider = { label, description, min, max, whole, onChange };
    return <SliderField {...slider} value={number ?? min} />;
  }
  return (
    <NumberField
      label={label}
      description={description}
      value={number}
      bounds={shape.bounds}
      placeholder={typeof preset === "number" ? String(preset) : "auto"}
      onChange={onChange}
    />
  );
}

function ListControl({
  control,
  item,
  value,
  onChange,
  fieldNames,
}: ControlProps & { readonly item: Control }) {
  const values: readonly unknown[] = Array.isArray(value) ? value : [];
  return (
    <fieldset className="form-nested">
      <legend title={control.description}>{control.title}</legend>
      {values.map((each, i) => (
        <div key={i} className="form-list-item">
          <ControlField
            control={{ ...item, title: item.title === "" ? String(i + 1) : item.title }}
            value={each}
            fieldNames={fieldNames}
            onChange={(next) => onChange(values.with(i, next))}
          />
          <IconButton
            icon="trash"
            label={`Remove ${i + 1} of ${control.title}`}
            onClick={() => onChange(values.toSpliced(i, 1))}
          />
        </div>
      ))}
      <Button icon="plus" onClick={() => onChange([...values, emptyOf(item)])}>
        Add
      </Button>
    </fieldset>
  );
}

/** What a new item of a list starts with. */
function emptyOf({ shape, preset }: Control): unknown {
  if (preset !== undefined) return preset;
  switch (shape.kind) {
    case "switch":
      return false;
    case "choice":
      return shape.choices[0]?.value;
    case "number":
      return shape.bounds.min ?? 0;
    case "list":
    case "reducers":
    case "field_names":
      return [];
    case "object":
      return {};
    default:
      return "";
  }
}

/** With the member set, or without it where the value is undefined. */
export function withMember(values: Values, name: string, value: unknown): Record<string, unknown> {
  const { [name]: _before, ...rest } = values;
  return value === undefined ? rest : { ...rest, [name]: value };
}

function recordOf(value: unknown): Values {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((each): each is string => typeof each === "string")
    : [];
}
