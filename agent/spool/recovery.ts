import { mkdir, open, readFile, readdir, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FrameHeader } from "#proto/gen/v1/frame_pb.js";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { LaneName } from "./frame_builder.ts";
import type { LaneMemo } from "./lane_memo.ts";
import type { Ledger } from "./ledger.ts";
import { LedgerReader } from "./ledger.ts";
import type { Fault } from "./scan.ts";
import { headersAfterDamage, scanSegment } from "./scan.ts";
import { Segment, epochOfName, frameFacts } from "./segment.ts";
import { syncFolder } from "./segment_writer.ts";

/**
 * How a lane is read back at start.
 *
 * Every segment is read from the oldest to the newest, and each frame's header goes into the ledger. Where a segment ends inside a frame
 * and nothing whole follows, a crash tore the last write: it was never synced, so never told to anybody, and is cut off.
 * Anything else is damage: the segment is cut after its last good frame, what was behind is copied to
 * `<epoch>.seg.corrupt-<offset>` for a person to look at, and the loss is remembered. Headers of whole frames behind the damage
 * still go into the ledger, because the aggregator may have had those frames: without them counters would go back, and a tail
 * would read again what was stored.
 */
export type RecoveredLane = {
  readonly segments: Segment[];
  readonly ledger: Ledger;
  /** Items in frames that were cut off behind damage, as far as their headers could be read. */
  readonly corruptItems: number;
  readonly corruptSegments: number;
};

/** Set-aside files a lane; the oldest go first. Each is smaller than a segment. */
const setAsideMax = 16;

type RecoveryParts = {
  readonly folder: string;
  readonly lane: LaneName;
  readonly memo: LaneMemo;
  readonly log: Logger;
};

/** Reads the folder (made if absent), repairs what a crash left, and leaves everything in it synced. */
export async function recoverLane(parts: RecoveryParts): Promise<RecoveredLane> {
  await mkdir(parts.folder, { recursive: true });
  const epochs = (await readdir(parts.folder))
    .map((name) => epochOfName(name))
    .filter((epoch) => epoch !== undefined)
    .toSorted((a, b) => a - b);
  const reader = new LedgerReader();
  const segments: Segment[] = [];
  let corruptItems = 0;
  let corruptSegments = 0;
  for (const epoch of epochs) {
    const before = reader.ledger();
    const read = await recoverSegment(parts, epoch, reader);
    if (read.segment.last.sequence > 0) segments.push(read.segment);
    if (!read.isDamaged) continue;
    corruptSegments += 1;
    const kept = read.segment.last.sequence > 0 ? read.segment.itemsAfter : before.itemsTotal;
    corruptItems += Math.max(0, reader.ledger().itemsTotal - kept);
  }
  const newest = segments.at(-1);
  if (newest !== undefined) await syncFile(newest.path);
  await syncFolder(parts.folder);
  return { segments, ledger: reader.ledger(), corruptItems, corruptSegments };
}

async function recoverSegment(
  parts: RecoveryParts,
  epoch: number,
  reader: LedgerReader,
): Promise<{ readonly segment: Segment; readonly isDamaged: boolean }> {
  const segment = new Segment(parts.folder, epoch);
  const bytes = await readFile(segment.path).catch((cause: unknown) => {
    throw new OperatingError("unavailable", `cannot read ${segment.path}: ${messageOf(cause)}`, {
      cause,
    });
  });
  const { goodBytes, fault } = scanSegment(bytes, epoch, (header, _offset, length) => {
    assertOwner(header, parts);
    reader.apply(header);
    segment.note(frameFacts(header), length);
  });
  if (fault === undefined) {
    if (bytes.length === 0) await unlink(segment.path);
    return { segment, isDamaged: false };
  }
  const later = headersAfterDamage(bytes, goodBytes, epoch);
  const isTorn = fault === "torn" && later.length === 0;
  if (isTorn) {
    parts.log.info("torn end of a spool segment is cut off", { epoch, offset: goodBytes });
    await cut(segment, goodBytes);
    return { segment, isDamaged: false };
  }
  for (const header of later) reader.apply(header);
  await setAside(parts, segment, bytes, fault);
  const to = { epoch, sequence: later.at(-1)?.sequence ?? segment.last.sequence };
  if (to.sequence > segment.last.sequence)
    parts.memo.noteLoss({ after: segment.last, to, reason: "spool_corrupt" });
  return { segment, isDamaged: true };
}

/** Copies what lies behind the good frames of a segment to a file beside it, and cuts it off. */
export async function setAside(
  parts: Pick<RecoveryParts, "folder" | "log">,
  segment: Segment,
  bytes: Uint8Array,
  fault: Fault,
): Promise<void> {
  const offset = segment.bytes;
  const path = join(parts.folder, `${segment.epoch}.seg.corrupt-${offset}`);
  parts.log.error("damaged spool segment is cut, the rest is set aside", {
    epoch: segment.epoch,
    offset,
    fault,
    set_aside: path,
    bytes: bytes.length - offset,
  });
  try {
    await writeFile(path, bytes.subarray(offset));
  } catch (thrown) {
    // A full disk must not keep the agent from starting: the copy is for people, the agent goes on without it.
    parts.log.error("damaged part could not be set aside", { error: messageOf(thrown) });
    await unlink(path).catch(() => {});
  }
  await cut(segment, offset);
  await boundSetAside(parts.folder);
}

async function boundSetAside(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.includes(".seg.corrupt-"));
  for (const name of names.toSorted().slice(0, -setAsideMax)) await unlink(join(folder, name));
}

/** A segment without a single good frame goes altogether. */
function cut(segment: Segment, length: number): Promise<void> {
  return length === 0 ? unlink(segment.path) : truncate(segment.path, length);
}

function assertOwner(header: FrameHeader, { lane, folder }: RecoveryParts): void {
  if (header.tenant === lane.tenant && header.agent === lane.agent) return;
  throw new OperatingError(
    "bad_request",
    `spool ${folder} belongs to agent ${header.tenant}/${header.agent}, not ${lane.tenant}/${lane.agent}: ` +
      `give this agent a folder of its own, or its old name`,
  );
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}
