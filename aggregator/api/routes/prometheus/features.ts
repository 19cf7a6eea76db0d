import { functionTable } from "#shared/query_language/promql/function_table.ts";

type Features = Readonly<Record<string, Readonly<Record<string, boolean>>>>;

const named = (names: string, has: boolean) =>
  Object.fromEntries(names.split(" ").map((name) => [name, has]));

/** What there is and what is known to be missing, by category, in the words of Prometheus's /features. */
export function featuresOf({
  delayedNameRemoval,
}: {
  readonly delayedNameRemoval: boolean;
}): Features {
  return {
    api: {
      ...named("admin label_values_match lifecycle notifications_live remote_read", true),
      ...named("exemplar_storage", true),
    },
    promql: {
      ...named("anchored at_modifier bool by duration_expr fill fill_left fill_right", true),
      ...named("group_left group_right ignoring negative_offset offset on", true),
      ...named("per_query_lookback_delta per_step_stats smoothed subqueries without", true),
      type_and_unit_labels: false,
      delayed_name_removal: delayedNameRemoval,
    },
    promql_operators: {
      ...named("!= !~ % * + - / </ < <= == =~ > >/ >= @ ^ and atan2 or unless", true),
      ...named("avg bottomk count count_values group limit_ratio limitk max min", true),
      ...named("quantile stddev stdvar sum topk", true),
    },
    promql_functions: Object.fromEntries(
      [...functionTable.keys()].toSorted().map((name) => [name, true]),
    ),
    rules: named("alerting recording", false),
  };
}
