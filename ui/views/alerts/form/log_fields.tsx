import { useQuery } from "@tanstack/react-query";
import { logLabelNames, logLabelValues } from "../../../client/logs.ts";
import { Button, IconButton } from "../../../elements/buttons.tsx";
import { Combobox } from "../../../overlays/combobox.tsx";
import { Select } from "../../../overlays/select.tsx";
import { matchOperators, type Matcher } from "../../../promql/expr.ts";
import type { AlertForm } from "./alert_form.ts";
import { ComparisonField, LabelsField, Line, ShortField } from "./parts.tsx";

const dayMs = 86_400_000;
type LogRate = Extract<AlertForm, { kind: "log_rate" }>;

/** Which lines are counted, and how many are too many. */
export function LogFields({
  form,
  onChange,
}: {
  readonly form: LogRate;
  readonly onChange: (form: LogRate) => void;
}) {
  const set = (part: Partial<LogRate>): void => onChange({ ...form, ...part });
  const names = useNames();
  const at = (i: number, part: Partial<Matcher>): void =>
    set({ matchers: form.matchers.map((one, j) => (i === j ? { ...one, ...part } : one)) });
  const added = (): string =>
    form.matchers.some(({ label }) => label === "service_name") ? "" : "service_name";
  return (
    <>
      <Line>
        {form.matchers.map((matcher, i) => (
          <LogMatcher
            key={i}
            matcher={matcher}
            names={names}
            onChange={(part) => at(i, part)}
            onRemove={() => set({ matchers: form.matchers.toSpliced(i, 1) })}
          />
        ))}
        <Button
          icon="plus"
          onClick={() =>
            set({ matchers: [...form.matchers, { label: added(), op: "=", value: "" }] })
          }
        >
          Label
        </Button>
      </Line>
      <Line>
        <Select
          label="Lines"
          value={form.find}
          options={[
            { value: "text", label: "lines that contain" },
            { value: "pattern", label: "lines of the pattern" },
          ]}
          onChange={(find) => set({ find })}
        />
        <input
          className="input wide-field"
          aria-label={form.find === "text" ? "Text" : "Pattern"}
          placeholder={form.find === "text" ? "connection refused" : "<_> failed after <_>"}
          value={form.text}
          spellCheck={false}
          onChange={(event) => set({ text: event.target.value })}
        />
      </Line>
      <Line>
        <LabelsField
          label="counted by"
          known={names}
          values={form.by}
          onChange={(by) => set({ by })}
        />
        <ShortField label="over" value={form.window} onChange={(window) => set({ window })} />
      </Line>
      <Line>
        <span>Fires when the count</span>
        <ComparisonField value={form.op} onChange={(op) => set({ op })} />
        <ShortField label="" value={form.value} unit="lines" onChange={(value) => set({ value })} />
      </Line>
    </>
  );
}

function useNames(): readonly string[] {
  const found = useQuery({
    queryKey: ["log_label_names"],
    queryFn: ({ signal }) => logLabelNames({ ...lastDay(), signal }),
    staleTime: 60_000,
  });
  return found.data ?? [];
}

function lastDay() {
  const endMs = Date.now();
  return { query: '{service_name=~".+"}', startMs: endMs - dayMs, endMs };
}

type MatcherProps = {
  readonly matcher: Matcher;
  readonly names: readonly string[];
  readonly onChange: (part: Partial<Matcher>) => void;
  readonly onRemove: () => void;
};

function LogMatcher({ matcher, names, onChange, onRemove }: MatcherProps) {
  const { label, op, value } = matcher;
  const values = useQuery({
    queryKey: ["log_label_values", label],
    queryFn: ({ signal }) => logLabelValues(label, { ...lastDay(), signal }),
    enabled: label !== "",
    staleTime: 60_000,
  });
  return (
    <span className="matcher">
      <Combobox
        label="Label"
        value={label}
        options={names.map((name) => ({ value: name }))}
        custom
        onChange={(next) => onChange({ label: next, value: "" })}
      />
      <Select
        label={`Condition of ${label}`}
        value={op}
        options={matchOperators.map((each) => ({ value: each, label: each }))}
        onChange={(next) => onChange({ op: next })}
      />
      <Combobox
        label={`Value of ${label}`}
        value={value}
        options={(values.data ?? []).map((each) => ({ value: each }))}
        loading={values.isFetching}
        custom
        onChange={(next) => onChange({ value: next })}
      />
      <IconButton icon="cross" label={`Remove the condition of ${label}`} onClick={onRemove} />
    </span>
  );
}
