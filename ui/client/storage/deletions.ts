import { z } from "zod";
import { fetchJson, fetchText } from "../transport.ts";

/** A request to delete stored items of a signal. */
export type DeletionRow = {
  readonly id: string;
  readonly signal: string;
  /** As it was asked for, in the signal's query language. */
  readonly query: string;
  /** Unix milliseconds, both inclusive; undefined for an open end. */
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly createdMs: number;
  readonly actor: string;
  /** received: it can be taken back. */
  readonly status: "received" | "started" | "processed";
  /** Items taken out of files so far. */
  readonly removed: number;
  /** Why it is not applied; empty where it is. */
  readonly fault: string;
};

const path = "/api/v1/admin/delete";
const Answer = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      signal: z.string(),
      query: z.string(),
      start: z.number().optional(),
      end: z.number().optional(),
      created: z.number(),
      actor: z.string(),
      status: z.enum(["received", "started", "processed"]),
      removed_items: z.number(),
      error: z.string().default(""),
    }),
  ),
});

/** GET /api/v1/admin/delete: requests of all signals, the newest first. */
export async function listDeletions(signal?: AbortSignal): Promise<readonly DeletionRow[]> {
  const { data } = await fetchJson({ path, params: {}, signal }, Answer);
  return data
    .map(({ start, end, created, removed_items: removed, error: fault, ...row }) => ({
      ...row,
      startMs: msOf(start),
      endMs: msOf(end),
      createdMs: created * 1_000,
      removed,
      fault,
    }))
    .toReversed();
}

/** Takes a request back: what it hid can be found again. */
export async function cancelDeletion({
  signal,
  id,
}: Pick<DeletionRow, "signal" | "id">): Promise<void> {
  const one = `${path}/${encodeURIComponent(signal)}/${encodeURIComponent(id)}`;
  await fetchText({ path: one, params: {}, method: "DELETE" });
}

function msOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}
