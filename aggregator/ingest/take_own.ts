import type { Head } from "../read/head.ts";
import { ownAgent } from "../read/own_agent.ts";
import type { OwnData } from "../read/own_data.ts";
import type { Lanes } from "./lanes.ts";

/** Appends what is due to the head. `epoch` is when this process began, Unix milliseconds. */
export function takeOwn(
  own: OwnData,
  { lanes, head, epoch }: { readonly lanes: Lanes; readonly head: Head; readonly epoch: number },
  nowMs: number,
): void {
  for (const { tenant, data } of own.due(nowMs)) {
    const { metrics, logs } = data;
    const id = { tenant, agent: ownAgent };
    for (const decoded of metrics) {
      const lane = { ...id, signal: "metrics" as const };
      let items = 0;
      for (const row of decoded.rows) items += row.items;
      for (const { samples } of decoded.sparse) items += samples.values.length;
      lanes.get(lane).takeOwn(epoch, items, head.appendMetrics(lane, decoded, nowMs));
    }
    if (logs === undefined) continue;
    const lane = { ...id, signal: "logs" as const };
    lanes.get(lane).takeOwn(epoch, logs.streamOf.length, head.appendLogs(lane, logs, nowMs));
  }
}
