import { useMemo } from "react";
import { IconButton } from "../../../elements/buttons.tsx";
import { Icon } from "../../../elements/icon.tsx";
import { Combobox } from "../../../overlays/combobox.tsx";
import { Select } from "../../../overlays/select.tsx";
import { useRules } from "../../../queries/alerts.ts";
import type { AlertForm, AlertPart, Joining } from "./alert_form.ts";
import { joinings } from "./alert_form.ts";
import { LabelsField, Line, ShortField } from "./parts.tsx";

type Composite = Extract<AlertForm, { kind: "composite" }>;

const joiningWords: Readonly<Record<Joining, string>> = {
  and: "all of them hold",
  or: "any of them holds",
  quorum: "enough of them fire",
};

/** Other alerts, and how they make one. */
export function CompositeFields({
  form,
  onChange,
}: {
  readonly form: Composite;
  readonly onChange: (form: Composite) => void;
}) {
  const rules = useRules(0);
  const { names, labels } = useMemo(() => {
    const alerting = (rules.data ?? []).filter(({ kind }) => kind === "alerting");
    const used = alerting.flatMap(({ alerts }) => alerts.flatMap((one) => Object.keys(one.labels)));
    return {
      names: [...new Set(alerting.map(({ name }) => name))].toSorted(),
      labels: [...new Set(used)].filter((name) => name !== "alertname").toSorted(),
    };
  }, [rules.data]);
  const set = (part: Partial<Composite>): void => onChange({ ...form, ...part });
  const free = names.filter((name) => form.parts.every((part) => part.name !== name));
  return (
    <>
      <Line>
        {form.parts.map((part, i) => (
          <Part
            key={part.name}
            part={part}
            onChange={(isNegated) =>
              set({ parts: form.parts.map((one, j) => (i === j ? { ...one, isNegated } : one)) })
            }
            onRemove={() => set({ parts: form.parts.toSpliced(i, 1) })}
          />
        ))}
        <Combobox
          label="Add an alert"
          value=""
          options={free.map((value) => ({ value }))}
          loading={rules.isFetching}
          custom
          onChange={(name) => set({ parts: [...form.parts, { name, isNegated: false }] })}
          trigger={
            <button type="button" className="button">
              <Icon name="plus" />
              Add an alert
            </button>
          }
        />
      </Line>
      <Line>
        <span>Fires when</span>
        <Select
          label="Joining"
          value={form.joining}
          options={joinings.map((value) => ({ value, label: joiningWords[value] }))}
          onChange={(joining) => set({ joining })}
        />
        {form.joining === "quorum" && (
          <ShortField label="at least" value={form.quorum} onChange={(quorum) => set({ quorum })} />
        )}
        <LabelsField
          label="with the same"
          known={labels}
          values={form.by}
          onChange={(by) => set({ by })}
        />
      </Line>
    </>
  );
}

function Part({
  part: { name, isNegated },
  onChange,
  onRemove,
}: {
  readonly part: AlertPart;
  readonly onChange: (isNegated: boolean) => void;
  readonly onRemove: () => void;
}) {
  return (
    <span className="matcher">
      <span className="matcher-label">{name}</span>
      <Select
        label={`Condition of ${name}`}
        value={isNegated ? "not" : "fires"}
        options={[
          { value: "fires", label: "fires" },
          { value: "not", label: "does not fire" },
        ]}
        onChange={(next) => onChange(next === "not")}
      />
      <IconButton icon="cross" label={`Remove ${name}`} onClick={onRemove} />
    </span>
  );
}
