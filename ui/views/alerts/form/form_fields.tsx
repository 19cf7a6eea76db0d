import { assertNever } from "#shared/assert.ts";
import { Select } from "../../../overlays/select.tsx";
import { emptyForm, formKinds, type AlertForm, type FormKind, type Measure } from "./alert_form.ts";
import { CompositeFields } from "./composite_fields.tsx";
import { formFaults } from "./form_faults.ts";
import { ruleOfForm, type FormRule } from "./form_rule.ts";
import { LogFields } from "./log_fields.tsx";
import { MeasureFields, useKnownLabels } from "./measure_fields.tsx";
import { ComparisonField, LabelsField, Line, ShortField } from "./parts.tsx";

const kindWords: Readonly<Record<FormKind, string>> = {
  threshold: "Threshold",
  change: "Change against the past",
  absence: "Absence of data",
  log_rate: "Rate of log lines",
  forecast: "Forecast",
  outlier: "Outlier among peers",
  composite: "Composite of other alerts",
};

type Props = {
  readonly form: AlertForm;
  /** The rule where the form is whole. */
  readonly onChange: (form: AlertForm, rule: FormRule | undefined) => void;
};

/** An alert without a query language: a kind, and its fields as sentences. */
export function FormFields({ form, onChange }: Props) {
  const set = (next: AlertForm): void =>
    onChange(next, formFaults(next).length === 0 ? ruleOfForm(next) : undefined);
  const faults = formFaults(form);
  const measure = "measure" in form ? form.measure : undefined;
  return (
    <div className="builder" role="group" aria-label="Form">
      <Line>
        <Select
          label="Kind of alert"
          value={form.kind}
          options={formKinds.map((value) => ({ value, label: kindWords[value] }))}
          onChange={(kind) => set(emptyForm(kind, measure))}
        />
      </Line>
      {measure !== undefined && "measure" in form && (
        <MeasureFields
          measure={measure}
          selectsOnly={form.kind === "absence"}
          onChange={(next) => set({ ...form, measure: next })}
        />
      )}
      <Condition form={form} set={set} />
      {faults.length > 0 && (
        <p className="quiet" role="status">
          Still to do: {faults.join("; ")}.
        </p>
      )}
    </div>
  );
}

function Condition({
  form,
  set,
}: {
  readonly form: AlertForm;
  readonly set: (form: AlertForm) => void;
}) {
  switch (form.kind) {
    case "threshold":
      return (
        <Line>
          <span>Fires when it</span>
          <ComparisonField value={form.op} onChange={(op) => set({ ...form, op })} />
          <ShortField label="" value={form.value} onChange={(value) => set({ ...form, value })} />
        </Line>
      );
    case "change":
      return <ChangeFields form={form} set={set} />;
    case "absence":
      return (
        <Line>
          <span>Fires when</span>
          <Select
            label="Which series"
            value={form.of}
            options={[
              { value: "each", label: "any of the series has" },
              { value: "all", label: "all series have" },
            ]}
            onChange={(of) => set({ ...form, of })}
          />
          <ShortField
            label="no sample for"
            value={form.window}
            onChange={(window) => set({ ...form, window })}
          />
        </Line>
      );
    case "log_rate":
      return <LogFields form={form} onChange={set} />;
    case "forecast":
      return (
        <Line>
          <span>Fires when it</span>
          <ComparisonField value={form.op} onChange={(op) => set({ ...form, op })} />
          <ShortField label="" value={form.value} onChange={(value) => set({ ...form, value })} />
          <ShortField
            label="within"
            value={form.within}
            onChange={(within) => set({ ...form, within })}
          />
          <ShortField
            label="if it goes on as in the last"
            value={form.basis}
            onChange={(basis) => set({ ...form, basis })}
          />
        </Line>
      );
    case "outlier":
      return <OutlierFields form={form} set={set} />;
    case "composite":
      return <CompositeFields form={form} onChange={set} />;
    default:
      return assertNever(form);
  }
}

const spans = [
  { value: "1h", label: "an hour ago" },
  { value: "1d", label: "a day ago" },
  { value: "1w", label: "a week ago" },
];
const directions = [
  { value: "either", label: "up or down" },
  { value: "up", label: "up" },
  { value: "down", label: "down" },
] as const;

function ChangeFields({
  form,
  set,
}: {
  readonly form: Extract<AlertForm, { kind: "change" }>;
  readonly set: (form: AlertForm) => void;
}) {
  return (
    <Line>
      <span>Fires when it is</span>
      <Select
        label="Direction"
        value={form.direction}
        options={directions}
        onChange={(direction) => set({ ...form, direction })}
      />
      <ShortField
        label="by more than"
        value={form.percent}
        unit="%"
        onChange={(percent) => set({ ...form, percent })}
      />
      <span>against</span>
      <Select
        label="Against"
        value={form.against}
        options={spans}
        onChange={(against) => set({ ...form, against })}
      />
    </Line>
  );
}

function OutlierFields({
  form,
  set,
}: {
  readonly form: Extract<AlertForm, { kind: "outlier" }>;
  readonly set: (form: AlertForm) => void;
}) {
  const { measure }: { readonly measure: Measure } = form;
  const labels = useKnownLabels(measure);
  return (
    <Line>
      <ShortField
        label="Fires when a series is more than"
        value={form.percent}
        unit="%"
        onChange={(percent) => set({ ...form, percent })}
      />
      <LabelsField
        label="from the median of those with the same"
        known={labels}
        values={form.peers}
        onChange={(peers) => set({ ...form, peers })}
      />
    </Line>
  );
}
