/** What the columns begin with; they double. */
const firstRows = 256;
const firstBytes = 32 * 1024;
/** Larger ones are left to the garbage collection. */
const keptRowsMax = 32_768;
const keptBytesMax = 2 * 1024 ** 2;
/** Requests under way are few: their bodies are read one at a time. */
const idleMax = 2;

/** The columns of a batch that is gathered. */
export type RecordColumns = {
  readonly streamOf: Uint32Array<ArrayBuffer>;
  readonly timestampsMs: Float64Array<ArrayBuffer>;
  readonly nanos: Uint32Array<ArrayBuffer>;
  readonly severities: Uint8Array<ArrayBuffer>;
  readonly bodyEnds: Uint32Array<ArrayBuffer>;
  readonly bodies: Buffer;
};

const idle: RecordColumns[] = [];

export const noColumns: RecordColumns = columnsOf(0, 0);

/** Columns that a batch before had, or new ones. Their values are those of before. */
export function takeColumns(): RecordColumns {
  return idle.pop() ?? columnsOf(firstRows, firstBytes);
}

/**
 * For the next batch, once this one has no readers: new memory is cleared by the kernel page by page, and most of what a request
 * leaves behind would be columns.
 */
export function giveColumnsBack(columns: RecordColumns): void {
  const { bodyEnds, bodies } = columns;
  if (bodyEnds.length === 0 || bodyEnds.length > keptRowsMax || bodies.length > keptBytesMax)
    return;
  if (idle.length < idleMax) idle.push(columns);
}

function columnsOf(rows: number, bytes: number): RecordColumns {
  return {
    streamOf: new Uint32Array(rows),
    timestampsMs: new Float64Array(rows),
    nanos: new Uint32Array(rows),
    severities: new Uint8Array(rows),
    bodyEnds: new Uint32Array(rows),
    bodies: Buffer.allocUnsafeSlow(bytes),
  };
}
