import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { globalVariables } from "../../../dashboards/model/global_variables.ts";
import { resolveVariables, type VariableState } from "../../../dashboards/model/variables.ts";
import { windowAt } from "../../../dashboards/runner/question.ts";
import { scrapeIntervalMs } from "../../../dashboards/runner/step.ts";
import { variableAsker } from "../../../dashboards/runner/variable_asker.ts";
import type { TimeRange } from "../../../state/time_range.ts";

export type VariableStates = ReadonlyMap<string, VariableState>;

export type Variables = {
  /** Undefined until what there is to choose is known for the first time. */
  readonly states: VariableStates | undefined;
  readonly error: unknown;
  readonly isAsking: boolean;
};

type Options = {
  readonly uid: string;
  readonly dashboard: Dashboard;
  /** By name, as the URL says. */
  readonly chosen: ReadonlyMap<string, readonly string[]>;
  readonly range: TimeRange;
  readonly timeZone: string;
};

const none: VariableStates = new Map();

/** What there is to choose for each variable, and what is chosen. The last answer stays while the next is asked. */
export function useVariables({ uid, dashboard, chosen, range, timeZone }: Options): Variables {
  const { variables, title } = dashboard;
  const isEmpty = variables.length === 0;
  const definition = useMemo(() => JSON.stringify(variables), [variables]);
  const choice = JSON.stringify([...chosen]);
  const query = useQuery({
    queryKey: ["variables", uid, definition, choice, range.from, range.to, timeZone],
    queryFn: ({ signal }) => {
      const window = windowAt({ range, shiftMs: 0, timeZone }, Date.now());
      const globals = globalVariables({
        window,
        stepMs: scrapeIntervalMs,
        scrapeMs: scrapeIntervalMs,
        timeZone,
        dashboard: { title, uid },
      });
      return resolveVariables(
        variables,
        { chosen, globals, window },
        variableAsker(window),
        signal,
      );
    },
    enabled: !isEmpty,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    structuralSharing: false,
    refetchOnWindowFocus: false,
    // One that failed is asked again: the aggregator may come back.
    refetchInterval: ({ state }) =>
      state.status === "error" || hasFailed(state.data) ? 5_000 : false,
  });
  return {
    states: isEmpty ? none : query.data,
    error: query.error,
    isAsking: query.isFetching,
  };
}

/** Whether what there is to choose could not be asked for one of them. */
export function hasFailed(states: VariableStates | undefined): boolean {
  return [...(states?.values() ?? [])].some(({ failed }) => failed !== undefined);
}

/** Choices as the URL has them: var-name=a&var-name=b. */
export function chosenIn(
  search: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, readonly string[]> {
  const chosen = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(search)) {
    if (!name.startsWith("var-")) continue;
    const texts = (Array.isArray(value) ? value : [value]).filter(
      (each): each is string => typeof each === "string",
    );
    chosen.set(name.slice("var-".length), texts);
  }
  return chosen;
}
