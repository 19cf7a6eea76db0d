import { OperatingError } from "#shared/errors.ts";
import { BodyError, TooLargeError } from "../transport/body.ts";
import type { Steps } from "../transport/decode_turns.ts";
import { isObject, linesOf } from "../records/json_documents.ts";

/** One item of a bulk request, with its document as text. */
export type BulkItem = {
  readonly action: "index" | "create" | "update" | "delete";
  readonly index: string;
  readonly id: string | undefined;
  /** None for deletes. */
  readonly source: Buffer | undefined;
};

const itemsMax = 100_000;
const actionBytesMax = 4_096;
/** Read without a look at the clock. */
const itemsPerStep = 16;

/**
 * The items of a body of _bulk, in pairs of lines: action and document. Throws BodyError(400) for a line that is no action, as
 * Elasticsearch does before it takes anything, TooLargeError.
 */
export function* readBulk(body: Uint8Array, defaultIndex: string): Steps<BulkItem[]> {
  const items: BulkItem[] = [];
  const lines = linesOf(body);
  let lineNumber = 0;
  let before: { readonly line: Buffer; readonly read: Action } | undefined;
  for (let next = lines.next(); next.done !== true; next = lines.next()) {
    if (items.length % itemsPerStep === 0) yield;
    lineNumber++;
    // Items of a request are nearly always of one kind, without ids.
    if (before?.line.equals(next.value) !== true)
      before = { line: next.value, read: readAction(next.value, lineNumber) };
    const { action, metadata } = before.read;
    const index = metadata["_index"] ?? defaultIndex;
    const source = action === "delete" ? undefined : sourceOf(lines.next());
    if (source !== undefined) lineNumber++;
    else if (action !== "delete") throw malformed(lineNumber, "expected a document behind it");
    if (items.length >= itemsMax)
      throw new TooLargeError(`request has more than ${itemsMax} items: send less at once`);
    const id = metadata["_id"];
    items.push({
      action,
      index: typeof index === "string" ? index : defaultIndex,
      id: typeof id === "string" ? id : undefined,
      source,
    });
  }
  if (items.length === 0) throw new BodyError(400, "request body is required");
  return items;
}

function sourceOf(next: IteratorResult<Buffer, unknown>): Buffer | undefined {
  return next.done === true ? undefined : next.value;
}

type Action = {
  readonly action: BulkItem["action"];
  readonly metadata: Record<string, unknown>;
};

function readAction(line: Uint8Array, lineNumber: number): Action {
  try {
    if (line.length > actionBytesMax) throw new OperatingError("bad_request", "is too long");
    const json: unknown = JSON.parse(new TextDecoder().decode(line));
    const [name, metadata]: unknown[] = isObject(json) ? (Object.entries(json)[0] ?? []) : [];
    for (const action of ["index", "create", "update", "delete"] as const)
      if (action === name && isObject(metadata)) return { action, metadata };
  } catch (cause) {
    throw malformed(lineNumber, "expected JSON", cause);
  }
  throw malformed(lineNumber, "expected one of index, create, update, delete");
}

function malformed(line: number, expected: string, cause?: unknown): BodyError {
  return new BodyError(400, `Malformed action/metadata line [${line}], ${expected}`, { cause });
}
