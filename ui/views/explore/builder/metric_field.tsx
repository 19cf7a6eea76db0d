import { useState } from "react";
import type { Matcher } from "../../../promql/expr.ts";
import { Combobox } from "../../../overlays/combobox.tsx";
import { searchMatch, useMetricSearch } from "../search_hooks.ts";

type Props = {
  readonly value: string;
  readonly matchers: readonly Matcher[];
  readonly onChange: (metric: string) => void;
};

/** The metric of a query, searched in the data. */
export function MetricField({ value, matchers, onChange }: Props) {
  const [text, setText] = useState("");
  const found = useMetricSearch(text, searchMatch("", matchers));
  const options = (found.data?.results ?? []).map(({ name, type }) => ({
    value: name,
    ...(type === "" ? {} : { detail: type }),
  }));
  return (
    <Combobox
      label="Metric"
      showLabel
      value={value}
      options={options}
      loading={found.isFetching}
      custom
      placeholder="any"
      onSearch={setText}
      onChange={onChange}
    />
  );
}
