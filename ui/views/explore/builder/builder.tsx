import { useState } from "react";
import { type BuilderQuery, builderText, type Operation } from "../../../promql/builder.ts";
import { Icon } from "../../../elements/icon.tsx";
import { TextField } from "../query_fields.tsx";
import { MatcherList } from "./matcher_list.tsx";
import { MetricField } from "./metric_field.tsx";
import { OperationCard } from "./operation_card.tsx";
import { OperationMenu } from "./operation_menu.tsx";

type Props = {
  readonly label: string;
  readonly query: BuilderQuery;
  /** The query as it is written now. */
  readonly text: string;
  /** The query as text; `isWhole` where it can be run. */
  readonly onChange: (text: string, isWhole: boolean) => void;
};

/** A query as blocks: what is selected, then each step; below it the PromQL it writes. */
export function Builder({ label, query, text, onChange }: Props) {
  // Blocks that are still empty are no text, and so are kept here until they are something.
  const [own, setOwn] = useState<{ readonly text: string; readonly query: BuilderQuery }>();
  const shown = own !== undefined && own.text === text ? own.query : query;
  const change = (next: BuilderQuery): void => {
    const written = builderText(next);
    setOwn({ text: written, query: next });
    onChange(written, written !== "");
  };
  return (
    <div className="builder" role="group" aria-label={label}>
      <Blocks query={shown} onChange={change} />
      <code className="builder-text">{builderText(shown) || "Choose a metric to begin"}</code>
    </div>
  );
}

type BlocksProps = {
  readonly query: BuilderQuery;
  readonly onChange: (query: BuilderQuery) => void;
};

/** The blocks of one query; the right side of an operation between queries has its own. */
function Blocks({ query, onChange }: BlocksProps) {
  const { metric, matchers, offset, operations } = query;
  const replace = (at: number, operation: Operation): void =>
    onChange({ ...query, operations: operations.with(at, operation) });
  const move = (at: number, by: -1 | 1): void => {
    const moved = operations[at];
    if (moved === undefined) return;
    onChange({ ...query, operations: operations.toSpliced(at, 1).toSpliced(at + by, 0, moved) });
  };
  return (
    <>
      <div className="builder-line">
        <MetricField
          value={metric}
          matchers={matchers}
          onChange={(name) => onChange({ ...query, metric: name })}
        />
        <MatcherList
          metric={metric}
          matchers={matchers}
          onChange={(next) => onChange({ ...query, matchers: next })}
        />
        <TextField
          label="Offset"
          placeholder="none"
          value={offset}
          isValid={(text) => /^(?:-?(?:\d+(?:ms|[smhdwy]))+)?$/.test(text)}
          hint='expected a duration such as "1h"'
          onChange={(next) => onChange({ ...query, offset: next })}
          short
        />
      </div>
      <ol className="operations">
        {operations.map((operation, i) => (
          <li key={i}>
            <OperationCard
              metric={metric}
              matchers={matchers}
              operation={operation}
              isFirst={i === 0}
              isLast={i === operations.length - 1}
              onChange={(next) => replace(i, next)}
              onMove={(by) => move(i, by)}
              onRemove={() => onChange({ ...query, operations: operations.toSpliced(i, 1) })}
            />
            {operation.kind === "binary" && (
              <div className="builder-right">
                <Blocks
                  query={operation.right}
                  onChange={(right) => replace(i, { ...operation, right })}
                />
              </div>
            )}
          </li>
        ))}
        <li>
          <OperationMenu
            onAdd={(operation) => onChange({ ...query, operations: [...operations, operation] })}
            trigger={
              <button type="button" className="button">
                <Icon name="plus" />
                Add a step
              </button>
            }
          />
        </li>
      </ol>
    </>
  );
}
