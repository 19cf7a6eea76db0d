import { assertNever } from "#shared/assert.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import type { Labels } from "#shared/model/labels.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { LogData } from "../../../query/logql/answer.ts";
import type { LogEntry } from "../../../query/logql/evaluate.ts";

/** Whether the client wants labels by what they are: of the stream, structured metadata, parsed. */
export function categorizes(request: Request): boolean {
  const flags = request.headers.get("X-Loki-Response-Encoding-Flags") ?? "";
  return flags.split(",").some((flag) => flag.trim() === "categorize-labels");
}

export type StreamJson = { readonly stream: Labels; readonly values: readonly unknown[] };

/** Entries by stream, of a few entries. */
export function streamsOf(entries: readonly LogEntry[], categorize: boolean): StreamJson[] {
  const groups = new StreamGroups(categorize);
  for (const entry of entries) groups.add(entry);
  return groups.all();
}

/**
 * Entries by stream. Plainly, a stream's labels include structured metadata and what was parsed, so that one stream may come out as
 * several; with categorized labels these stand beside each line.
 */
class StreamGroups {
  readonly #categorize: boolean;
  readonly #groups = new Map<string, { stream: Labels; values: unknown[] }>();
  /** Most entries share the objects that their labels are made of. */
  readonly #keys = new Map<Labels, string>();

  constructor(categorize: boolean) {
    this.#categorize = categorize;
  }

  add({ stream, metadata, parsed, body, timestampNs }: LogEntry): void {
    const categorize = this.#categorize;
    const labels = categorize ? stream : { ...stream, ...metadata, ...parsed };
    let key = categorize ? this.#keys.get(stream) : undefined;
    if (key === undefined) {
      key = labelsKey(labels);
      if (categorize) this.#keys.set(stream, key);
    }
    let group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, (group = { stream: labels, values: [] }));
    const time = String(timestampNs);
    group.values.push(
      categorize ? [time, body, { structuredMetadata: metadata, parsed }] : [time, body],
    );
  }

  all(): StreamJson[] {
    return [...this.#groups.values()];
  }
}

/** The `data` of an answer but for its statistics, with pauses: hundreds of labels of thousands of lines take half a second. */
export async function dataJson(data: LogData, categorize: boolean): Promise<object> {
  const { resultType } = data;
  switch (data.resultType) {
    case "streams": {
      const groups = new StreamGroups(categorize);
      for (const entry of data.entries) {
        if (isTurnOver()) await nextTurn();
        groups.add(entry);
      }
      return {
        resultType,
        // Readers of the stream of bytes want to know this before the result.
        ...(categorize ? { encodingFlags: ["categorize-labels"] } : {}),
        result: groups.all(),
      };
    }
    case "matrix": {
      const result: object[] = [];
      for (const { labels, timestampsMs, values } of data.series) {
        if (isTurnOver()) await nextTurn();
        result.push({
          metric: labels,
          values: Array.from(timestampsMs, (timeMs, i) => [timeMs / 1_000, numberText(values[i])]),
        });
      }
      return { resultType, result };
    }
    case "vector": {
      const result = data.series.map(({ labels, value }) => ({
        metric: labels,
        value: [data.timeMs / 1_000, numberText(value)],
      }));
      return { resultType, result };
    }
    case "scalar":
      return { resultType, result: [data.timeMs / 1_000, String(data.value)] };
    default:
      return assertNever(data);
  }
}

/** As Go and Prometheus write numbers that JSON lacks. */
function numberText(value = Number.NaN): string {
  return Number.isFinite(value) || Number.isNaN(value)
    ? String(value)
    : value > 0
      ? "+Inf"
      : "-Inf";
}
