import { useMemo } from "react";
import { useQuery } from "@tanstack/react-query";
import { lateLanes, nothingLate, type Late } from "../../../dashboards/runner/late.ts";
import { useLossAccount } from "../../../queries/inventory.ts";
import { useServices } from "../../../queries/services.ts";

/** An outage lasts longer than this, and the account of many agents is long. */
const everyAtLeastMs = 15_000;

/** What is known to be on its way to the aggregator, by its loss account. Nothing where that can't be asked. */
export function useLate(intervalMs: number): Late {
  const { inventory } = useServices();
  const account = useLossAccount(intervalMs === 0 ? 0 : Math.max(everyAtLeastMs, intervalMs));
  const isLate = useMemo(
    () => lateLanes(account.data ?? [], String, account.dataUpdatedAt).length > 0,
    [account.data, account.dataUpdatedAt],
  );
  // Names are asked for only when there is something to say of them.
  const agents = useQuery({
    queryKey: ["agents"],
    queryFn: ({ signal }) => inventory.listAgents(signal),
    enabled: isLate,
  });
  return useMemo(() => {
    if (!isLate || account.data === undefined) return nothingLate;
    const names = new Map((agents.data ?? []).map(({ agent, name }) => [agent, name]));
    const lanes = lateLanes(
      account.data,
      (agent) => names.get(agent) ?? agent,
      account.dataUpdatedAt,
    );
    return { lanes, hosts: new Set(names.values()) };
  }, [isLate, account.data, account.dataUpdatedAt, agents.data]);
}
