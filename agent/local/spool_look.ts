import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { comparePositions } from "#shared/model/position.ts";
import { builtInSignals, type Signal, type Signals } from "#shared/signals.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import type { SpoolConfig } from "../spool/config.ts";
import { LaneMemo } from "../spool/lane_memo.ts";
import { LedgerReader } from "../spool/ledger.ts";
import { scanSegment } from "../spool/scan.ts";
import { epochOfName } from "../spool/segment.ts";
import { type LaneFacts, spoolStatusOf } from "./spool_status.ts";
import type { SpoolStatus } from "./status.ts";

/**
 * Reads the spool of an agent that does not run; changes nothing, not even what a crash left. undefined where there is none. What fell out of the
 * spool before is not told by it. Throws what the disk throws.
 */
export async function lookAtSpool(
  config: Pick<SpoolConfig, "path" | "size_max" | "age_max">,
  nowMs: number,
  signals: Signals = builtInSignals,
): Promise<SpoolStatus | undefined> {
  const lanes: LaneFacts[] = [];
  for (const signal of signals.names) {
    const lane = await lookAtLane(join(config.path, signal), signal);
    if (lane !== undefined) lanes.push(lane);
  }
  return lanes.length === 0 ? undefined : spoolStatusOf(lanes, config, nowMs);
}

async function lookAtLane(folder: string, signal: Signal): Promise<LaneFacts | undefined> {
  const names = await unlessAbsent(readdir(folder));
  if (names === undefined) return undefined;
  const { committed } = await LaneMemo.open(folder, silentLogger);
  const epochs = names
    .map((name) => epochOfName(name))
    .filter((epoch) => epoch !== undefined)
    .toSorted((a, b) => a - b);
  const ledger = new LedgerReader();
  let bytes = 0;
  let waiting: LaneFacts["waiting"];
  let lastError = "";
  for (const epoch of epochs) {
    const content = await unlessAbsent(readFile(join(folder, `${epoch}.seg`)));
    if (content === undefined) continue;
    bytes += content.length;
    const { fault } = scanSegment(content, epoch, (header) => {
      ledger.apply(header);
      const { sequence, itemsTotal, items, createdMs } = header;
      if (waiting === undefined && comparePositions({ epoch, sequence }, committed) > 0)
        waiting = { itemsBefore: itemsTotal - items, createdMs };
    });
    // A torn end is what a crash leaves; the next start cuts it off.
    if (fault !== undefined && fault !== "torn")
      lastError = `segment ${epoch} is damaged (${fault})`;
  }
  const { itemsTotal, drops } = ledger.ledger();
  const state = lastError === "" ? "ok" : "damaged";
  return { signal, bytes, sinceMs: epochs[0], itemsTotal, drops, waiting, state, lastError };
}

/** undefined where the file is not there, or no longer. */
async function unlessAbsent<Read>(reading: Promise<Read>): Promise<Read | undefined> {
  try {
    return await reading;
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    throw thrown;
  }
}
