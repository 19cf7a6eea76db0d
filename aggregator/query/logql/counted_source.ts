import { bodyLength } from "#shared/model/logs.ts";
import { ReadTrace } from "../../read/read_trace.ts";
import type { LogScanRequest, LogSelectRequest, LogSlice, LogsSource } from "../../read/source.ts";

const nsPerMs = 1_000_000n;

/** What a query has read, and how long it took. */
export type Figures = {
  /** Records that were handed to the query, after what the store has filtered. */
  readonly lines: number;
  readonly bytes: number;
  readonly entriesReturned: number;
  readonly seconds: number;
  /** Of each scan, where notes were taken. */
  readonly traces?: readonly ReadTrace[] | undefined;
};

/** A source that counts what is read from it. */
export class CountedSource implements LogsSource {
  lines = 0;
  bytes = 0;
  readonly #source: LogsSource;
  readonly #traces: ReadTrace[] | undefined;
  readonly #startedMs = performance.now();

  /** Takes notes of what is read where that is asked for. */
  constructor(source: LogsSource, tracing = false) {
    this.#source = source;
    this.#traces = tracing ? [] : undefined;
  }

  figures(entriesReturned: number): Figures {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    const traces = this.#traces;
    return { lines: this.lines, bytes: this.bytes, entriesReturned, seconds, traces };
  }

  select: LogsSource["select"] = async (request) => {
    const records = await this.#source.select(this.#traced(request));
    this.lines += records.length;
    for (const { body } of records) this.bytes += Buffer.byteLength(body);
    return records;
  };

  scan: LogsSource["scan"] = (request) => this.#counted(this.#source.scan(this.#traced(request)));

  eachStream: LogsSource["eachStream"] = (request, visit) =>
    this.#source.eachStream(request, visit);

  series: LogsSource["series"] = (request) => this.#source.series(request);
  labelNames: LogsSource["labelNames"] = (request) => this.#source.labelNames(request);
  labelValues: LogsSource["labelValues"] = (name, request) =>
    this.#source.labelValues(name, request);

  #traced<Request extends LogScanRequest | LogSelectRequest>(request: Request): Request {
    if (this.#traces === undefined) return request;
    const { matchers, startNs, endNs } = request;
    const trace = new ReadTrace(matchers, Number(startNs / nsPerMs), Number(endNs / nsPerMs));
    this.#traces.push(trace);
    return { ...request, trace };
  }

  async *#counted(spans: AsyncGenerator<readonly LogSlice[]>): AsyncGenerator<readonly LogSlice[]> {
    for await (const slices of spans) {
      for (const { batch, rows } of slices) {
        this.lines += rows.length;
        const ends = batch.bodyEnds;
        if (rows.length === ends.length) this.bytes += ends.at(-1) ?? 0;
        else for (let i = 0; i < rows.length; i++) this.bytes += bodyLength(batch, rows[i] ?? 0);
      }
      yield slices;
    }
  }
}
