import type { Panel, PanelQuery } from "#shared/dashboards/dashboard.ts";
import type { Frame } from "../../frames/frame.ts";
import type { Window } from "../../state/time_range.ts";
import { computeExpression, refsOf } from "../model/expression.ts";
import { interpolate, type VariableValues } from "../model/interpolate.ts";

/** What is wrong with a query of a panel. */
export type Complaint = { readonly ref: string; readonly error: unknown };

/** The queries that a panel shows, and those that these are computed from, though they be hidden. */
export function neededRefs({ queries }: Pick<Panel, "queries">): ReadonlySet<string> {
  const needed = new Set<string>();
  const waiting = queries.filter(({ hidden }) => hidden !== true).map(({ ref }) => ref);
  for (let ref = waiting.pop(); ref !== undefined; ref = waiting.pop()) {
    if (needed.has(ref)) continue;
    needed.add(ref);
    const query = queries.find((each) => each.ref === ref);
    if (query?.source === "expression") waiting.push(...refsOf(query));
  }
  return needed;
}

/** The needed expressions of a panel. In their text `$A` is the query A, though there be a variable of that name. */
export function filledExpressions(
  { queries }: Pick<Panel, "queries">,
  needed: ReadonlySet<string>,
  variables: VariableValues,
): readonly PanelQuery[] {
  const refs = new Set(queries.map(({ ref }) => ref));
  const own = new Map([...variables].filter(([name]) => !refs.has(name)));
  return queries
    .filter(({ ref, source }) => source === "expression" && needed.has(ref))
    .map((query) => {
      const step = query.options?.["window"];
      const options =
        typeof step === "string"
          ? { ...query.options, window: interpolate(step, own) }
          : query.options;
      return { ...query, expr: interpolate(query.expr, own), ...(options && { options }) };
    });
}

type Plan = {
  readonly panel: Pick<Panel, "queries">;
  readonly expressions: readonly PanelQuery[];
  readonly moment: { readonly window: Window };
};

/**
 * Puts the frames of the expressions into `answers`, in whatever order they need each other, and gives what can't be computed. What is
 * computed from a query that failed has no frames either: the reason stands there already.
 */
export function answerExpressions(
  { panel, expressions, moment }: Plan,
  answers: Map<string, readonly Frame[]>,
  failed: readonly Complaint[],
): readonly Complaint[] {
  if (expressions.length === 0) return [];
  const complaints: Complaint[] = [];
  const without = new Set(
    failed.map(({ ref }) => ref).filter((ref) => (answers.get(ref) ?? []).length === 0),
  );
  // A query without text is not asked, and is no unknown one.
  for (const { ref, source } of panel.queries) {
    if (source !== "expression" && !answers.has(ref)) answers.set(ref, []);
  }
  let waiting = expressions;
  while (waiting.length > 0) {
    const pending = new Set(waiting.map(({ ref }) => ref));
    const ready = waiting.filter((each) => !refsOf(each).some((ref) => pending.has(ref)));
    if (ready.length === 0) {
      const names = waiting.map(({ ref }) => ref).join(", ");
      const error = new Error(`these expressions need each other in a circle: ${names}`);
      return [...complaints, ...waiting.map(({ ref }) => ({ ref, error }))];
    }
    for (const expression of ready) {
      const { ref } = expression;
      if (refsOf(expression).some((each) => without.has(each))) {
        without.add(ref);
        continue;
      }
      try {
        answers.set(ref, computeExpression(expression, answers, moment.window));
      } catch (error) {
        without.add(ref);
        complaints.push({ ref, error });
      }
    }
    waiting = waiting.filter((each) => !ready.includes(each));
  }
  return complaints;
}
