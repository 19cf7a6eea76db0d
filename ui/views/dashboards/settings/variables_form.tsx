import { useState } from "react";
import type { Dashboard, Variable } from "#shared/dashboards/dashboard.ts";
import { Icon } from "../../../elements/icon.tsx";
import type { Editor } from "../state/use_editor.ts";
import type { VariableStates } from "../state/use_variables.ts";
import { VariableFields } from "./variable_fields.tsx";
import { kindChoices } from "./variable_kinds.ts";
import { Button, IconButton } from "../../../elements/buttons.tsx";
import { queryErrorText } from "../../../widgets/query_error.ts";

type Props = { readonly editor: Editor; readonly states: VariableStates };

const previewMax = 40;

/** The variables of a dashboard in their order, each with its settings and what there is to choose now. */
export function VariablesForm({ editor, states }: Props) {
  const { dashboard, change } = editor;
  const [openAt, setOpenAt] = useState<number>();
  const set = (variables: Variable[]): void =>
    change((now: Dashboard) => ({ ...now, variables }), "variables");
  const { variables } = dashboard;
  const move = (i: number, by: number): void => {
    const each = variables[i];
    if (each !== undefined) set(variables.toSpliced(i, 1).toSpliced(i + by, 0, each));
    setOpenAt(undefined);
  };
  const add = (): void => {
    set([...variables, newVariable(variables)]);
    setOpenAt(variables.length);
  };
  return (
    <div className="variables-form">
      {variables.map((variable, i) => (
        <section key={i} className="query-card" aria-label={`Variable ${variable.name}`}>
          <div className="query-card-head">
            <button
              type="button"
              className="row-toggle"
              aria-expanded={openAt === i}
              onClick={() => setOpenAt(openAt === i ? undefined : i)}
            >
              <Icon name={openAt === i ? "chevron" : "expand"} />
              <strong>{variable.name}</strong>
              <span className="quiet">
                {kindChoices.find(({ value }) => value === variable.kind)?.label}
              </span>
            </button>
            <IconButton
              icon="up"
              label={`Move ${variable.name} up`}
              disabled={i === 0}
              onClick={() => move(i, -1)}
            />
            <IconButton
              icon="down"
              label={`Move ${variable.name} down`}
              disabled={i === variables.length - 1}
              onClick={() => move(i, 1)}
            />
            <IconButton
              icon="trash"
              label={`Remove ${variable.name}`}
              onClick={() => set(variables.toSpliced(i, 1))}
            />
          </div>
          {openAt === i && (
            <>
              <VariableFields
                variable={variable}
                others={variables.filter((_each, at) => at !== i).map(({ name }) => name)}
                onChange={(next) => set(variables.with(i, next))}
              />
              <Preview name={variable.name} states={states} />
            </>
          )}
        </section>
      ))}
      <Button icon="plus" onClick={add}>
        Add variable
      </Button>
    </div>
  );
}

function newVariable(variables: readonly Variable[]): Variable {
  const taken = new Set(variables.map(({ name }) => name));
  let i = 1;
  while (taken.has(`variable${i}`)) i++;
  return {
    kind: "query",
    name: `variable${i}`,
    hide: "no",
    multi: false,
    include_all: false,
    current: [],
    source: "metrics",
    query: "",
    sort: "asc",
    refresh: "load",
  };
}

/** Kinds whose values are written, not chosen. */
const typed: ReadonlySet<Variable["kind"]> = new Set(["filters", "text", "constant"]);

function Preview({ name, states }: { readonly name: string; readonly states: VariableStates }) {
  const state = states.get(name);
  if (state === undefined || typed.has(state.variable.kind)) return null;
  const { options, failed } = state;
  if (failed !== undefined) return <p className="state bad">{queryErrorText(failed)}</p>;
  if (options.length === 0) return <p className="quiet">Nothing to choose.</p>;
  return (
    <div className="variable-preview">
      <span className="quiet">{options.length} to choose:</span>
      {options.slice(0, previewMax).map((option) => (
        <code key={option.value} title={option.value}>
          {option.text}
        </code>
      ))}
      {options.length > previewMax && (
        <span className="quiet">and {options.length - previewMax} more</span>
      )}
    </div>
  );
}
