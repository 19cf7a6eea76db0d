import { queryRows, type LogRow } from "../../../client/logs.ts";
import { download } from "../../../frames/export.ts";
import type { Window } from "../../../state/time_range.ts";
import { fieldsOf, type Column } from "../state/columns.ts";
import { plainText } from "../state/line_text.ts";
import { LineStore, type Order } from "../state/line_store.ts";
import { nsOf } from "../state/use_lines.ts";

export const downloadLinesMax = 100_000;
const downloadBytesMax = 200_000_000;
const pageLines = 2_000;

export type FileKind = "text" | "csv" | "json";
const kinds = {
  text: { ending: "txt", mime: "text/plain" },
  csv: { ending: "csv", mime: "text/csv" },
  json: { ending: "jsonl", mime: "application/x-ndjson" },
} as const;

export type DownloadRequest = {
  readonly kind: FileKind;
  readonly query: string;
  readonly window: Window;
  readonly order: Order;
  readonly columns: readonly Column[];
  readonly onProgress: (lines: number) => void;
  /** Ends it: what is being asked is given up, and there is no file. */
  readonly signal: AbortSignal;
};

/** Writes the lines of a query into a file, page by page. Gives how many, and whether there were more. Throws where it was ended. */
export async function downloadLines(
  request: DownloadRequest,
): Promise<{ lines: number; isCut: boolean }> {
  const { kind, query, window, order, columns, onProgress, signal } = request;
  const store = new LineStore({
    fetch: (page) => queryRows({ ...page, query }),
    startNs: nsOf(window.startMs),
    endNs: nsOf(window.endMs + 1),
    order,
    dedup: "none",
    pageLines,
    heldMax: pageLines,
  });
  signal.addEventListener("abort", () => store.close(), { once: true });
  // A blob is kept outside the script's memory, on disk where it is large.
  const parts: Blob[] =
    kind === "csv"
      ? [new Blob([csvLine(["time", "level", ...columns.map(({ name }) => name), "line"])])]
      : [];
  let lines = 0;
  let bytes = 0;
  while (store.hasAfter && lines < downloadLinesMax && bytes < downloadBytesMax) {
    const before = store.pages.length;
    await store.loadAfter();
    signal.throwIfAborted();
    if (store.failure !== undefined) throw store.failure;
    const page = store.pages[before];
    if (page?.rows === undefined) break;
    const part = new Blob(page.rows.map(({ row }) => textOf(row, kind, columns)));
    parts.push(part);
    bytes += part.size;
    lines += page.count;
    store.keepAround(before, before);
    onProgress(lines);
  }
  const { ending, mime } = kinds[kind];
  const name = `logs_${new Date(window.startMs).toISOString().slice(0, 19).replaceAll(":", "")}.${ending}`;
  download(name, mime, new Blob(parts, { type: mime }));
  const isCut = store.hasAfter;
  store.close();
  return { lines, isCut };
}

function textOf(row: LogRow, kind: FileKind, columns: readonly Column[]): string {
  const time = `${new Date(row.timeMs).toISOString().slice(0, 19)}.${row.ns.slice(-9)}Z`;
  if (kind === "text") return `${time} ${plainText(row.text)}\n`;
  if (kind === "json") {
    const { stream, metadata, parsed, level, text } = row;
    return `${JSON.stringify({ time, level, line: text, labels: stream, metadata, parsed })}\n`;
  }
  const fields = fieldsOf(row);
  return csvLine([
    time,
    row.level,
    ...columns.map(({ name }) => fields.get(name)?.value ?? ""),
    plainText(row.text),
  ]);
}

/** RFC 4180; texts that a spreadsheet would run as a formula begin with an apostrophe. */
function csvLine(cells: readonly string[]): string {
  const written = cells.map((cell) => {
    const safe = /^[=+\-@\t\r]/.test(cell) && !/^[+-]?\d/.test(cell) ? `'${cell}` : cell;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  });
  return `${written.join(",")}\r\n`;
}
