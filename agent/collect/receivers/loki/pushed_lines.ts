import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { severityOf } from "../../sources/file_logs/severity.ts";
import { BodyError } from "../transport/body.ts";
import { severityOfLabels } from "../records/detected_severity.ts";
import { LogBatchBuilder, type RecordFault } from "../records/log_batch_builder.ts";
import type { LabelNames } from "../otlp/label_names.ts";
import type { ReceiverContext } from "../receiver.ts";
import { textAnswer } from "../transport/refusal.ts";
import {
  type EntryHash,
  NotedLines,
  type RecentLines,
  hashOfText,
  noHash,
} from "./recent_lines.ts";
import { StoredInPartError } from "../stored_in_part.ts";
import { withServiceName } from "../../../pipeline/transforms/service_name.ts";

const aheadMaxMs = 600_000;
/** A stream gets its number with its first entry. */
const none = -1;

export type PushedLinesParts = {
  readonly lineBytesMax: number;
  readonly multiline: MultilineConfig | undefined;
  readonly recent: RecentLines;
  /** Names of metadata, as queries can name them. */
  readonly names: LabelNames;
  readonly context: ReceiverContext;
};

/** Metadata of entries as it is stored, the severity in it, and a hash that distinguishes entries. */
export type Metadata = {
  readonly labels: Labels | undefined;
  readonly severity: number;
  readonly hash: EntryHash;
};

export const noMetadata: Metadata = { labels: undefined, severity: 0, hash: noHash };

/**
 * The lines of one push. Good entries are stored; the first fault of the others makes the answer a 400. An entry that was pushed before (the
 * same stream, time, line and metadata) is not stored again, which is no fault, as with Loki.
 */
export class PushedLines {
  readonly #parts: PushedLinesParts;
  readonly #builder: LogBatchBuilder;
  readonly #drops = new Map<RecordFault["reason"], number>();
  /** One for each record of the builder. */
  readonly #noted = new NotedLines();
  #told: string | undefined;
  #streams = 0;
  #entries = 0;
  #refused = 0;
  #duplicates = 0;
  #labels: Labels | BodyError = {};
  #stream = 0;
  #streamSeverity = 0;

  constructor(parts: PushedLinesParts) {
    this.#parts = parts;
    const { lineBytesMax, multiline, context } = parts;
    const latestMs = context.clock.now() + aheadMaxMs;
    this.#builder = new LogBatchBuilder({ lineBytesMax, latestMs, multiline });
  }

  /** A longer line is refused. */
  get lineBytesMax(): number {
    return this.#parts.lineBytesMax;
  }

  get entries(): number {
    return this.#entries;
  }

  /** Makes room for lines of so many bytes in all. */
  reserve(bytes: number): void {
    this.#builder.reserve(bytes);
  }

  /** Begins a stream, or one that is none: its entries are refused. */
  stream(given: Labels | BodyError): void {
    this.#streams++;
    this.#labels = given;
    if (given instanceof BodyError) {
      this.#told ??= given.message;
      return;
    }
    const labels = withServiceName(given);
    this.#labels = labels;
    this.#stream = none;
    this.#streamSeverity = severityOfLabels(undefined, labels);
    this.#parts.recent.stream(labelsKey(labels), this.#noted);
  }

  metadata(pushed: Labels): Metadata {
    const labels = namedMetadata(pushed, this.#parts.names);
    return { labels, severity: severityOfLabels(labels, {}), hash: hashOf(labels) };
  }

  /** Adds an entry of the stream, whose line is source[start, end), which is copied. */
  add(
    ms: number,
    nanos: number,
    source: Buffer,
    start: number,
    end: number,
    { labels: attributes, severity: own, hash }: Metadata,
  ): void {
    this.#entries++;
    if (this.#labels instanceof BodyError) {
      this.#refuse("label_limit");
      return;
    }
    if (this.#parts.recent.isKnown(ms, nanos, hash, source, start, end)) {
      this.#duplicates++;
      return;
    }
    if (this.#stream === none) this.#stream = this.#builder.stream(this.#labels);
    const severity = own || this.#streamSeverity || severityOf(source, start, end);
    const fault = this.#builder.addLine(
      this.#stream,
      ms,
      nanos,
      severity,
      source,
      start,
      end,
      attributes,
      0,
    );
    if (fault === undefined) return;
    // Pushed again, it is refused again.
    this.forget(this.#noted.count - 1);
    this.#told ??= `stream ${JSON.stringify(this.#labels).slice(0, 500)}: ${fault.message}`;
    this.#refuse(fault.reason);
  }

  /** The answer, when the spool has the good entries. Throws OperatingError("unavailable"). */
  async store(): Promise<Response> {
    const { context } = this.#parts;
    if (this.#streams === 0) return textAnswer({ status: 422, message: "push without streams" });
    if (this.#builder.length > 0) await this.#emit();
    if (this.#duplicates > 0) context.notStored("duplicate_entry", this.#duplicates);
    for (const [reason, count] of this.#drops) context.drop("logs", reason, count);
    if (this.#told === undefined) return new Response(null, { status: 204 });
    const message = `${this.#told}; ${this.#refused} of ${this.#entries} entries are refused`;
    return textAnswer({ status: 400, message });
  }

  /** Its records from number `from` on are not stored: the same entries come again, and are to be taken then. */
  forget(from = 0): void {
    this.#parts.recent.forget(this.#noted, from);
  }

  #refuse(reason: RecordFault["reason"]): void {
    this.#refused++;
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1);
  }

  async #emit(): Promise<void> {
    try {
      await this.#builder.emit((batch) => this.#parts.context.emitLogs(batch));
    } catch (thrown) {
      // Records of joined lines are not one for each entry: all of them are taken again then.
      const isByEntry = this.#parts.multiline === undefined;
      this.forget(isByEntry && thrown instanceof StoredInPartError ? thrown.records : 0);
      throw thrown;
    }
  }
}

/** The same for the same pairs in any order, and 0 for none. A pair without a value counts: that is another entry than one without the pair. */
function hashOf(metadata: Labels): EntryHash {
  let key = "";
  for (const name of Object.keys(metadata).toSorted()) {
    const value = metadata[name] ?? "";
    key += `${name.length}:${name}${value.length}:${value}`;
  }
  return key === "" ? noHash : hashOfText(key);
}

const plainName = /^(?!.*__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Names that queries can't name are written as Loki writes them ("http.method" is http_method). */
function namedMetadata(metadata: Labels, names: LabelNames): Labels {
  let isPlain = true;
  for (const name in metadata) isPlain &&= plainName.test(name);
  if (isPlain) return metadata;
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [
      /[^_]/.test(name) ? names.of(name) : name,
      value,
    ]),
  );
}
