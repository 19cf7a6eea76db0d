import type { ReactNode } from "react";
import { Combobox, MultiCombobox } from "../../../overlays/combobox.tsx";
import { Select } from "../../../overlays/select.tsx";
import type { Operation } from "../../../promql/builder.ts";
import type { Grouping, Matcher, Matching } from "../../../promql/expr.ts";
import { aggregations, instantFunctions, rangeFunctions } from "../../../promql/functions.ts";
import { Icon } from "../../../elements/icon.tsx";
import { TextField } from "../query_fields.tsx";
import { searchMatch, useLabelNames } from "../search_hooks.ts";
import { numberOperators, queryOperators } from "./operation_menu.tsx";

type Props<Kind extends Operation["kind"] = Operation["kind"]> = {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  readonly operation: Operation & { readonly kind: Kind };
  readonly onChange: (operation: Operation) => void;
};

type CardProps = Props & {
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly onMove: (by: -1 | 1) => void;
  readonly onRemove: () => void;
};

/** One step of a query with its fields. */
export function OperationCard(props: CardProps) {
  const { operation, isFirst, isLast, onMove, onRemove } = props;
  const name = nameOf(operation);
  return (
    <div className="operation" role="group" aria-label={name}>
      <span className="operation-name">{name}</span>
      <Fields {...props} />
      <span className="operation-tools">
        <Tool
          label={`Move ${name} earlier`}
          icon="up"
          disabled={isFirst}
          onClick={() => onMove(-1)}
        />
        <Tool
          label={`Move ${name} later`}
          icon="down"
          disabled={isLast}
          onClick={() => onMove(1)}
        />
        <Tool label={`Remove ${name}`} icon="cross" onClick={onRemove} />
      </span>
    </div>
  );
}

type ToolProps = {
  readonly label: string;
  readonly icon: "up" | "down" | "cross";
  readonly disabled?: boolean;
  readonly onClick: () => void;
};

function Tool({ label, icon, disabled = false, onClick }: ToolProps) {
  return (
    <button
      type="button"
      className="icon-button plain"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

function nameOf(operation: Operation): string {
  if (operation.kind === "math") return "number";
  if (operation.kind === "binary") return "another query";
  return operation.kind === "aggregate" ? operation.op : operation.name;
}

function Fields(props: Props): ReactNode {
  const { operation, onChange } = props;
  switch (operation.kind) {
    case "over_time":
      return (
        <>
          <RangeField
            range={operation.range}
            onChange={(range) => onChange({ ...operation, range })}
          />
          <Parameters operation={operation} onChange={onChange} />
        </>
      );
    case "function":
      return <Parameters operation={operation} onChange={onChange} />;
    case "aggregate":
      return <AggregateFields {...props} operation={operation} />;
    case "math":
      return <MathFields {...props} operation={operation} />;
    case "binary":
      return <BinaryFields {...props} operation={operation} />;
  }
}

const ranges = ["$__rate_interval", "$__interval", "$__range", "1m", "5m", "15m", "1h", "1d"];

function RangeField({
  range,
  onChange,
}: {
  readonly range: string;
  readonly onChange: (range: string) => void;
}) {
  const options = ranges.map((value) => ({ value }));
  return (
    <Combobox label="Range" showLabel value={range} options={options} custom onChange={onChange} />
  );
}

type ParametersProps = {
  readonly operation: Operation & { readonly kind: "over_time" | "function" };
  readonly onChange: (operation: Operation) => void;
};

function Parameters({ operation, onChange }: ParametersProps) {
  const words = (rangeFunctions[operation.name] ?? instantFunctions[operation.name])?.parameters;
  return operation.parameters.map((value, i) => (
    <TextField
      key={i}
      label={words?.[i]?.[0] ?? `Argument ${i + 1}`}
      value={value}
      isValid={isLiteral}
      hint='expected a number, or text in quotes such as "a"'
      onChange={(next) =>
        onChange({ ...operation, parameters: operation.parameters.with(i, next) })
      }
      short
    />
  ));
}

/** What may stand as an argument without changing the rest of the query. */
function isLiteral(text: string): boolean {
  return isNumber(text) || /^"(?:[^"\\\n]|\\.)*"$/.test(text);
}

function isNumber(text: string): boolean {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) || /^[+-]?Inf$|^NaN$/.test(text);
}

function AggregateFields({ metric, matchers, operation, onChange }: Props<"aggregate">) {
  const { op, parameter, grouping } = operation;
  const words = aggregations[op]?.parameter;
  return (
    <>
      {words !== undefined && (
        <TextField
          label={words[0]}
          value={parameter}
          isValid={isLiteral}
          hint="expected a number"
          onChange={(next) => onChange({ ...operation, parameter: next })}
          short
        />
      )}
      <Select
        label="Grouping"
        value={grouping?.mode ?? "all"}
        options={[
          { value: "all", label: "over all" },
          { value: "by", label: "by" },
          { value: "without", label: "without" },
        ]}
        onChange={(mode) => {
          const labels = grouping?.labels ?? [];
          const next: Grouping | undefined = mode === "all" ? undefined : { mode, labels };
          onChange({ ...operation, grouping: next });
        }}
      />
      {grouping !== undefined && (
        <LabelsField
          label="Labels"
          match={searchMatch(metric, matchers)}
          labels={grouping.labels}
          onChange={(labels) => onChange({ ...operation, grouping: { ...grouping, labels } })}
        />
      )}
    </>
  );
}

type LabelsProps = {
  readonly label: string;
  readonly match: readonly string[];
  readonly labels: readonly string[];
  readonly onChange: (labels: readonly string[]) => void;
};

function LabelsField({ label, match, labels, onChange }: LabelsProps) {
  const names = useLabelNames(match);
  const known = (names.data?.results ?? []).filter((name) => name !== "__name__");
  const options = [...new Set([...known, ...labels])].map((value) => ({ value }));
  return (
    <MultiCombobox
      label={label}
      values={labels}
      options={options}
      loading={names.isFetching}
      custom
      placeholder="none"
      onChange={onChange}
    />
  );
}

function MathFields({ operation, onChange }: Props<"math">) {
  const { op, number, side } = operation;
  return (
    <>
      <Select
        label="Side"
        value={side}
        options={[
          { value: "right", label: "the value first" },
          { value: "left", label: "the number first" },
        ]}
        onChange={(next) => onChange({ ...operation, side: next })}
      />
      <OperatorField
        op={op}
        operators={numberOperators}
        onChange={(next) => onChange({ ...operation, op: next })}
      />
      <TextField
        label="Number"
        value={number}
        isValid={isNumber}
        hint="expected a number"
        onChange={(next) => onChange({ ...operation, number: next })}
        short
      />
    </>
  );
}

function OperatorField({
  op,
  operators,
  onChange,
}: {
  readonly op: string;
  readonly operators: readonly string[];
  readonly onChange: (op: string) => void;
}) {
  const options = operators.map((value) => ({ value, label: value }));
  return <Select label="Operator" value={op} options={options} onChange={onChange} />;
}

function BinaryFields({ metric, matchers, operation, onChange }: Props<"binary">) {
  const { op, matching } = operation;
  const match = searchMatch(metric, matchers);
  const set = (next: Matching | undefined): void => onChange({ ...operation, matching: next });
  return (
    <>
      <OperatorField
        op={op}
        operators={queryOperators}
        onChange={(next) => onChange({ ...operation, op: next, bool: false })}
      />
      <Select
        label="Pairs"
        value={matching?.mode ?? "all"}
        options={[
          { value: "all", label: "same labels" },
          { value: "on", label: "on" },
          { value: "ignoring", label: "ignoring" },
        ]}
        onChange={(mode) =>
          set(
            mode === "all"
              ? undefined
              : { mode, labels: matching?.labels ?? [], group: matching?.group },
          )
        }
      />
      {matching !== undefined && (
        <>
          <LabelsField
            label="Pair by labels"
            match={match}
            labels={matching.labels}
            onChange={(labels) => set({ ...matching, labels })}
          />
          <Select
            label="Many on"
            value={matching.group?.side ?? "none"}
            options={[
              { value: "none", label: "one to one" },
              { value: "left", label: "many on the left" },
              { value: "right", label: "many on the right" },
            ]}
            onChange={(side) =>
              set({
                ...matching,
                group: side === "none" ? undefined : { side, labels: matching.group?.labels ?? [] },
              })
            }
          />
        </>
      )}
    </>
  );
}
