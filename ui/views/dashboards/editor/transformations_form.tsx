import { useEffect, useId, useMemo, useState } from "react";
import type { Panel } from "#shared/dashboards/dashboard.ts";
import { controlsOf, wordsOf } from "../../../dashboards/form/control.ts";
import { FormField } from "../../../dashboards/form/fields.tsx";
import { MembersForm, withMember } from "../../../dashboards/form/form.tsx";
import { formOptions, formValues } from "../../../dashboards/form/transformations/form_of.ts";
import { OrganizeField } from "../../../dashboards/form/transformations/organize_field.tsx";
import { transformationForms } from "../../../dashboards/form/transformations/registry.ts";
import { fieldName } from "../../../dashboards/model/field_options.ts";
import { knownTransformations, transform } from "../../../dashboards/model/transform.ts";
import type { Frame } from "../../../frames/frame.ts";
import { Combobox } from "../../../overlays/combobox.tsx";
import { Switch } from "../../../overlays/switch.tsx";
import { IconButton } from "../../../elements/buttons.tsx";

type Transformation = Panel["transformations"][number];
type Values = Transformation["options"];

type Props = {
  readonly transformations: readonly Transformation[];
  /** The answers before any of them. */
  readonly raw: readonly Frame[];
  readonly onChange: (transformations: Transformation[]) => void;
};

/** What is done with the answers before they are drawn, in its order; ids and options are Grafana's. */
export function TransformationsForm({ transformations, raw, onChange }: Props) {
  const move = (i: number, by: number): void => {
    const each = transformations[i];
    if (each === undefined) return;
    onChange(transformations.toSpliced(i, 1).toSpliced(i + by, 0, each));
  };
  const names = useMemo(() => namesBefore(transformations, raw), [transformations, raw]);
  return (
    <div className="queries-form">
      {transformations.map((each, i) => (
        <section key={i} className="query-card" aria-label={`Transformation ${i + 1}`}>
          <div className="query-card-head">
            <strong title={transformationForms[each.id]?.description}>
              {i + 1}. {titleOf(each.id)}
            </strong>
            <span className="spacer" />
            <Switch
              label="On"
              checked={each.disabled !== true}
              onChange={(isOn) => onChange(transformations.with(i, { ...each, disabled: !isOn }))}
            />
            <IconButton
              icon="up"
              label={`Move ${each.id} up`}
              disabled={i === 0}
              onClick={() => move(i, -1)}
            />
            <IconButton
              icon="down"
              label={`Move ${each.id} down`}
              disabled={i === transformations.length - 1}
              onClick={() => move(i, 1)}
            />
            <IconButton
              icon="trash"
              label={`Remove ${each.id}`}
              onClick={() => onChange(transformations.toSpliced(i, 1))}
            />
          </div>
          {!knownTransformations.has(each.id) && (
            <p className="state bad">This transformation is not known, and left out.</p>
          )}
          <TransformationOptions
            key={each.id}
            transformation={each}
            fieldNames={names[i] ?? []}
            onChange={(options) => onChange(transformations.with(i, { ...each, options }))}
          />
        </section>
      ))}
      <Combobox
        label="Add a transformation"
        placeholder="Add a transformation"
        value=""
        options={choices}
        onChange={(id) => onChange([...transformations, { id, options: starts[id] ?? {} }])}
      />
    </div>
  );
}

function titleOf(id: string): string {
  return id === "organize" ? "Organize fields" : (transformationForms[id]?.title ?? wordsOf(id));
}

/** Names of older versions are kept in documents, and not chosen anew. */
const older = new Set([
  "addFieldFromCalculation",
  "filterFields",
  "filterFrames",
  "noop",
  "seriesToColumns",
]);
const choices = [...knownTransformations]
  .filter((id) => !older.has(id))
  .map((id) => {
    const detail =
      id === "organize"
        ? "Which fields are shown, in which order, under which names."
        : (transformationForms[id]?.description ?? "");
    return { value: id, label: titleOf(id), detail };
  })
  .toSorted((a, b) => a.label.localeCompare(b.label));

/** What those that do nothing without options start with. */
const starts: Readonly<Record<string, Values>> = {
  reduce: { mode: "seriesToRows", reducers: ["lastNotNull"] },
  limit: { limitField: 10 },
  sortBy: { sort: [{ field: "", desc: true }] },
  joinByField: { byField: "Time", mode: "outer" },
  renameByRegex: { regex: "(.*)", renamePattern: "$1" },
  calculateField: { mode: "reduceRow", reduce: { reducer: "sum", include: [] } },
};

/** Fields that others come in front of are not looked for: a form lists no more. */
const namesMax = 500;

/** The names that the fields have before each of the transformations. */
function namesBefore(
  transformations: readonly Transformation[],
  raw: readonly Frame[],
): readonly (readonly string[])[] {
  let frames = raw;
  return transformations.map((each) => {
    const names = frames.flatMap(({ fields }) => fields.map(fieldName));
    frames = transform(frames, [each], () => undefined);
    return [...new Set(names)].slice(0, namesMax);
  });
}

type OptionsProps = {
  readonly transformation: Transformation;
  readonly fieldNames: readonly string[];
  readonly onChange: (options: Record<string, unknown>) => void;
};

/** The form of a transformation that has one and whose options it can show; their JSON for all others, and for who wants it. */
function TransformationOptions({ transformation, fieldNames, onChange }: OptionsProps) {
  const { id, options } = transformation;
  const form = transformationForms[id];
  const [asJson, setAsJson] = useState(false);
  const members = useMemo(() => (form === undefined ? [] : controlsOf(form.schema)), [form]);
  const values = form === undefined ? undefined : formValues(form, options);
  const isOrganize = id === "organize";
  if (!isOrganize && values === undefined) {
    return (
      <>
        {form !== undefined && (
          <p className="quiet">These options say what the form has no field for.</p>
        )}
        <OptionsText options={options} onChange={onChange} />
      </>
    );
  }
  return (
    <>
      {asJson ? (
        <OptionsText options={options} onChange={onChange} />
      ) : isOrganize ? (
        <OrganizeField
          options={options}
          fieldNames={fieldNames}
          onChange={(next) => onChange({ ...next })}
        />
      ) : (
        <div className="form-grid">
          {members.length === 0 && <p className="quiet">{form?.description}</p>}
          <MembersForm
            members={members}
            values={values ?? {}}
            fieldNames={fieldNames}
            onChange={(name, value) => {
              if (form === undefined || values === undefined) return;
              onChange({ ...formOptions(form, withMember(values, name, value), options) });
            }}
          />
        </div>
      )}
      <button type="button" className="link as-json" onClick={() => setAsJson(!asJson)}>
        {asJson ? "As a form" : "As JSON"}
      </button>
    </>
  );
}

function OptionsText({
  options,
  onChange,
}: {
  readonly options: Transformation["options"];
  readonly onChange: (options: Record<string, unknown>) => void;
}) {
  const id = useId();
  const written = JSON.stringify(options, undefined, 2);
  const [draft, setDraft] = useState(written);
  const [fault, setFault] = useState("");
  useEffect(() => setDraft(written), [written]);
  const take = (text: string): void => {
    setDraft(text);
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        setFault("expected an object");
        return;
      }
      setFault("");
      if (JSON.stringify(value, undefined, 2) !== written) onChange({ ...value });
    } catch (error) {
      setFault(error instanceof Error ? error.message : "expected JSON");
    }
  };
  return (
    <FormField label="Options (JSON)" htmlFor={id}>
      <textarea
        id={id}
        className="input code"
        rows={Math.min(16, draft.split("\n").length + 1)}
        value={draft}
        spellCheck={false}
        aria-invalid={fault !== ""}
        onChange={(event) => take(event.target.value)}
      />
      {fault !== "" && <span className="state bad">{fault}</span>}
    </FormField>
  );
}
