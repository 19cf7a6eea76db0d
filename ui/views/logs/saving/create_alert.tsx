import { useNavigate } from "@tanstack/react-router";
import { IconButton } from "../../../elements/buttons.tsx";
import { newRulePage } from "../../../state/places.ts";
import { countable } from "../state/logql.ts";

/** Opens the editor of rules with the search: lines are counted over five minutes. */
export function CreateAlert({
  query,
  isMetric,
}: {
  readonly query: string;
  readonly isMetric: boolean;
}) {
  const navigate = useNavigate();
  const expr = isMetric ? query : `sum(count_over_time(${countable(query)} [5m])) > 0`;
  return (
    <IconButton
      icon="alerts"
      label="Create alert"
      onClick={() => void navigate({ href: newRulePage({ expr, source: "logs" }) })}
    />
  );
}
