import type { ReactElement } from "react";
import { Combobox } from "../../../overlays/combobox.tsx";
import { emptyQuery, type Operation } from "../../../promql/builder.ts";
import { aggregations, instantFunctions, rangeFunctions } from "../../../promql/functions.ts";

const arithmetic = ["+", "-", "*", "/", "%", "^"] as const;
const comparisons = [">", "<", ">=", "<=", "==", "!="] as const;
export const numberOperators: readonly string[] = [...arithmetic, ...comparisons];
export const queryOperators: readonly string[] = [...numberOperators, "and", "or", "unless"];

/** Everything a step can be, with what stands in it at first. */
const steps: ReadonlyMap<string, { readonly detail: string; readonly make: () => Operation }> =
  new Map([
    ...Object.entries(rangeFunctions).map(
      ([name, { group, parameters = [] }]) =>
        [
          name,
          {
            detail: group,
            make: (): Operation => ({
              kind: "over_time",
              name,
              range: "$__rate_interval",
              parameters: parameters.map(([, first]) => first),
            }),
          },
        ] as const,
    ),
    ...Object.entries(aggregations).map(
      ([op, { parameter }]) =>
        [
          op,
          {
            detail: "aggregation",
            make: (): Operation => ({
              kind: "aggregate",
              op,
              parameter: parameter?.[1] ?? "",
              grouping: undefined,
            }),
          },
        ] as const,
    ),
    ...Object.entries(instantFunctions)
      .filter(([name]) => name !== "time" && name !== "vector")
      .map(
        ([name, { group, parameters = [] }]) =>
          [
            name,
            {
              detail: group,
              make: (): Operation => ({
                kind: "function",
                name,
                parameters: parameters.map(([, first]) => first),
              }),
            },
          ] as const,
      ),
    [
      "with a number",
      {
        detail: "+ - * / > <",
        make: (): Operation => ({ kind: "math", op: "*", number: "1", side: "right", bool: false }),
      },
    ],
    [
      "with another query",
      {
        detail: "+ - * / and or",
        make: (): Operation => ({
          kind: "binary",
          op: "/",
          right: emptyQuery,
          bool: false,
          matching: undefined,
        }),
      },
    ],
  ]);

type Props = {
  readonly trigger: ReactElement;
  readonly onAdd: (operation: Operation) => void;
};

/** A list of all steps, found by typing. */
export function OperationMenu({ trigger, onAdd }: Props) {
  const options = [...steps].map(([value, { detail }]) => ({ value, detail }));
  return (
    <Combobox
      label="Add a step"
      value=""
      options={options}
      trigger={trigger}
      onChange={(name) => {
        const step = steps.get(name);
        if (step !== undefined) onAdd(step.make());
      }}
    />
  );
}
