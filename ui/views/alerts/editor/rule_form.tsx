import { lazy, Suspense, useState } from "react";
import { errorPosition } from "../../../client/error_position.ts";
import type { RuleLanguage } from "../../../client/rules.ts";
import { Select } from "../../../overlays/select.tsx";
import { Tabs } from "../../../overlays/tabs.tsx";
import { ToggleGroup } from "../../../overlays/toggle_group.tsx";
import { Skeleton } from "../../../widgets/picture.tsx";
import { messageOf } from "#shared/errors.ts";
import { queryErrorText } from "../../../widgets/query_error.ts";
import { emptyForm, type AlertForm } from "../form/alert_form.ts";
import { FormFields } from "../form/form_fields.tsx";
import { PairsInput, TextInput } from "./fields.tsx";
import {
  defaultGroup,
  knownAnnotations,
  type draftFaults,
  type RuleDraft,
  type RuleKind,
} from "./rule_draft.ts";

const PromqlEditor = lazy(() => import("../../../editor/promql_editor.tsx"));
const LogqlEditor = lazy(() => import("../../../editor/logql_editor.tsx"));

const editors = { promql: [PromqlEditor, "PromQL"], logql: [LogqlEditor, "LogQL"] } as const;

const dayMs = 86_400_000;
const kinds = [
  { value: "alerting", label: "Alert" },
  { value: "recording", label: "Recording" },
] as const;
const languages = [
  { value: "promql", label: "PromQL" },
  { value: "logql", label: "LogQL" },
] as const;
const severities = ["critical", "warning", "info", ""] as const;
const annotationWords = {
  summary: "Summary",
  description: "Description",
  runbook_url: "Runbook address",
} as const;

export type FormProps = {
  readonly draft: RuleDraft;
  readonly faults: ReturnType<typeof draftFaults>;
  readonly onChange: (part: Partial<RuleDraft>) => void;
  /** What the aggregator says of the rule as it stands. */
  readonly error: unknown;
  /** Namespaces and groups that there are. */
  readonly known: { readonly namespaces: readonly string[]; readonly groups: readonly string[] };
};

/** What the rule is: its name, when it fires, what it says, and where it is kept. */
export function RuleFields(props: FormProps) {
  const { draft, faults, onChange } = props;
  const isAlert = draft.kind === "alerting";
  return (
    <>
      <div className="rule-row">
        <ToggleGroup<RuleKind>
          label="Kind of rule"
          value={draft.kind}
          options={kinds}
          onChange={(kind) => onChange({ kind })}
        />
        <TextInput
          label="Name"
          value={draft.name}
          placeholder={isAlert ? "DiskFull" : "job:errors:rate5m"}
          fault={draft.name === "" ? undefined : faults.name}
          onChange={(name) => onChange({ name })}
        />
      </div>
      {isAlert ? <Condition {...props} /> : <Expression {...props} />}
      {isAlert && <Terms {...props} />}
      {isAlert && <Annotations {...props} />}
      <PairsInput
        label="Labels"
        addWord="Add a label"
        pairs={draft.labels}
        fault={faults.labels}
        onChange={(labels) => onChange({ labels })}
      />
      <Place {...props} />
    </>
  );
}

const waysToWrite = [
  { value: "expression", label: "Expression" },
  { value: "form", label: "Form" },
] as const;
type WayToWrite = (typeof waysToWrite)[number]["value"];

/** When the alert fires: as an expression, or as a form that writes one. */
function Condition(props: FormProps) {
  const { draft, onChange } = props;
  const [way, setWay] = useState<WayToWrite>("expression");
  const [form, setForm] = useState<AlertForm>(() => emptyForm("threshold"));
  return (
    <Tabs label="Condition" value={way} tabs={waysToWrite} onChange={setWay}>
      {way === "expression" ? (
        <Expression {...props} />
      ) : (
        <div className="rule-built">
          <FormFields
            form={form}
            onChange={(next, rule) => {
              setForm(next);
              if (rule === undefined) return;
              onChange({ ...rule, ...movedGroup(draft, rule.language) });
            }}
          />
          {draft.expr !== "" && <pre className="rule-query">{draft.expr}</pre>}
          <Mistake {...props} />
        </div>
      )}
    </Tabs>
  );
}

/** The default group of the other language, where the rule is in that of its own. */
function movedGroup(draft: RuleDraft, language: RuleLanguage): Partial<RuleDraft> {
  return draft.group === defaultGroup(draft.language) ? { group: defaultGroup(language) } : {};
}

function Mistake({ error }: FormProps) {
  return error === null || error === undefined ? null : (
    <p className="field-fault">{queryErrorText(error)}</p>
  );
}

/** The text of the expression, with the place that the aggregator complains of. */
function Expression(props: FormProps) {
  const { draft, onChange, error } = props;
  const message = error === null || error === undefined ? undefined : messageOf(error);
  const placed =
    message !== undefined && errorPosition(message) !== undefined ? message : undefined;
  const endMs = Date.now();
  const common = {
    value: draft.expr,
    onChange: (expr: string) => onChange({ expr }),
    onRun: (expr: string) => onChange({ expr }),
    window: { startMs: endMs - dayMs, endMs },
    error: placed,
    height: "auto",
  };
  const [Editor, word] = editors[draft.language];
  return (
    <div className="rule-expression">
      <ToggleGroup<RuleLanguage>
        label="Language"
        value={draft.language}
        options={languages}
        onChange={(language) => onChange({ language, ...movedGroup(draft, language) })}
      />
      <Suspense fallback={<Skeleton rows={1} height={32} />}>
        <Editor key={draft.language} label={`Expression in ${word}`} {...common} />
      </Suspense>
      <Mistake {...props} />
    </div>
  );
}

function Terms({ draft, faults, onChange }: FormProps) {
  const options = [...new Set([...severities, draft.severity])].map((value) => ({
    value,
    label: value === "" ? "none" : value,
  }));
  return (
    <div className="rule-row even">
      <TextInput
        label="For"
        value={draft.for}
        placeholder="0s: at once"
        fault={faults.for}
        onChange={(text) => onChange({ for: text })}
      />
      <TextInput
        label="Keep firing for"
        value={draft.keepFiringFor}
        placeholder="0s"
        fault={faults.keepFiringFor}
        onChange={(keepFiringFor) => onChange({ keepFiringFor })}
      />
      <div className="form-field">
        <span className="rule-label">Severity</span>
        <Select
          label="Severity"
          value={draft.severity}
          options={options}
          onChange={(severity) => onChange({ severity })}
        />
      </div>
    </div>
  );
}

function isKnown(name: string): boolean {
  return knownAnnotations.some((each) => each === name);
}

/** What the alert says. Those with a field of their own come first. */
function Annotations({ draft, faults, onChange }: FormProps) {
  const { annotations } = draft;
  const others = annotations.filter(({ name }) => !isKnown(name));
  const own = annotations.filter(({ name }) => isKnown(name));
  const set = (name: string, value: string): void =>
    onChange({ annotations: [...annotations.filter((one) => one.name !== name), { name, value }] });
  return (
    <PairsInput
      label="Annotations"
      addWord="Add an annotation"
      pairs={others}
      fault={faults.annotations}
      onChange={(pairs) => onChange({ annotations: [...own, ...pairs] })}
    >
      {knownAnnotations.map((name) => (
        <TextInput
          key={name}
          label={annotationWords[name]}
          value={own.find((one) => one.name === name)?.value ?? ""}
          placeholder={name === "summary" ? "{{ $labels.instance }} is at {{ $value }}" : ""}
          isLong={name === "description"}
          onChange={(value) => set(name, value)}
        />
      ))}
    </PairsInput>
  );
}

function Place({ draft, faults, known, onChange }: FormProps) {
  return (
    <div className="rule-row even">
      <TextInput
        label="Namespace"
        value={draft.namespace}
        known={known.namespaces}
        fault={faults.namespace}
        onChange={(namespace) => onChange({ namespace })}
      />
      <TextInput
        label="Group"
        value={draft.group}
        known={known.groups}
        fault={faults.group}
        onChange={(group) => onChange({ group })}
      />
      <TextInput
        label="Evaluate every"
        value={draft.interval}
        placeholder="1m"
        fault={faults.interval}
        onChange={(interval) => onChange({ interval })}
      />
    </div>
  );
}
