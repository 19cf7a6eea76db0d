import type { Head } from "../read/head.ts";
import { ownAgent } from "../read/own_agent.ts";
import type { DueData, OwnData } from "../read/own_data.ts";
import type { Lanes } from "./lanes.ts";

/** Where own data go. `epoch` is when this process began, Unix milliseconds. */
type Place = { readonly lanes: Lanes; readonly head: Head; readonly epoch: number };

/** Appends what is due to the head. */
export function takeOwn(own: OwnData, place: Place, nowMs: number): void {
  for (const { tenant, data } of own.due(nowMs)) appendOwn(place, tenant, data, nowMs);
}

/** Appends data of a tenant to the head, with their account. */
export function appendOwn(
  { lanes, head, epoch }: Place,
  tenant: string,
  { metrics, logs }: DueData,
  nowMs: number,
): void {
  const id = { tenant, agent: ownAgent };
  for (const decoded of metrics) {
    const lane = { ...id, signal: "metrics" as const };
    let items = 0;
    for (const row of decoded.rows) items += row.items;
    for (const { samples } of decoded.sparse) items += samples.values.length;
    for (const { samples } of decoded.histograms ?? []) items += samples.histograms.length;
    lanes.get(lane).takeOwn(epoch, items, head.appendMetrics(lane, decoded, nowMs));
  }
  if (logs === undefined) return;
  const lane = { ...id, signal: "logs" as const };
  lanes.get(lane).takeOwn(epoch, logs.streamOf.length, head.appendLogs(lane, logs, nowMs));
}
