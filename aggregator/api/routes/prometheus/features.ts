import { functionTable } from "#aggregator/query/promql/function_table.ts";

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
      ...named(
        "anchored at_modifier bool_modifier by duration_expr fill_modifier group_left",
        true,
      ),
      ...named("group_right ignoring negative_offset offset on subqueries", true),
      ...named("per_step_stats smoothed utf8_names without", true),
      delayed_name_removal: delayedNameRemoval,
    },
    promql_functions: Object.fromEntries(
      [...functionTable.keys()].toSorted().map((name) => [name, true]),
    ),
    rules: named("alerting recording", false),
  };
}
