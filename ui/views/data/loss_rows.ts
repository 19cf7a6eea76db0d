import type { Lane } from "../../client/query_service.ts";
import { formatCount, formatValue } from "../../units/format.ts";
import { reasonWords, sumLanes } from "../../client/account.ts";
import type { RowColumn } from "../../widgets/row_columns.ts";

/** What one agent dropped of one signal for one reason. */
export type Loss = {
  readonly agent: string;
  readonly signal: string;
  readonly reason: string;
  readonly items: number;
  /** Of what the lane collected. */
  readonly share: number;
};

/** The largest first; they add up to what the account says is dropped. */
export function lossesOf(lanes: readonly Lane[]): Loss[] {
  return lanes
    .flatMap(({ agent, signal, collected, dropped }) =>
      Object.entries(dropped).flatMap(([reason, items]) =>
        items > 0
          ? [{ agent, signal, reason, items, share: collected > 0 ? items / collected : 0 }]
          : [],
      ),
    )
    .toSorted((a, b) => b.items - a.items);
}

type NameOf = (agent: string) => string;

export function lossColumns(nameOf: NameOf): RowColumn<Loss>[] {
  return [
    { key: "agent", title: "Agent", minWidth: 140, value: ({ agent }) => nameOf(agent) },
    { key: "signal", title: "Signal", width: 90, value: ({ signal }) => signal },
    { key: "reason", title: "Reason", minWidth: 120, value: ({ reason }) => reasonWords(reason) },
    {
      key: "items",
      title: "Items",
      isNumber: true,
      width: 120,
      value: ({ items }) => items,
      text: ({ items }) => formatCount(items),
    },
    {
      key: "share",
      title: "Of all collected",
      isNumber: true,
      width: 130,
      onPhone: false,
      value: ({ share }) => share * 100,
      text: ({ share }) => formatValue(share * 100, "percent"),
    },
  ];
}

/** The account as it is exported: it adds up in every row. */
export function laneColumns(nameOf: NameOf): RowColumn<Lane>[] {
  return [
    { key: "agent", title: "Agent", value: ({ agent }) => agent },
    { key: "name", title: "Host", value: ({ agent }) => nameOf(agent) },
    { key: "signal", title: "Signal", value: ({ signal }) => signal },
    { key: "collected", title: "Collected", isNumber: true, value: (lane) => lane.collected },
    { key: "stored", title: "Stored", isNumber: true, value: ({ stored }) => stored },
    { key: "in_flight", title: "In flight", isNumber: true, value: ({ inFlight }) => inFlight },
    { key: "dropped", title: "Dropped", isNumber: true, value: (lane) => sumLanes([lane]).dropped },
    {
      key: "reasons",
      title: "Reasons",
      value: (lane) =>
        sumLanes([lane])
          .reasons.map(([reason, items]) => `${items} ${reasonWords(reason)}`)
          .join("; "),
    },
  ];
}
