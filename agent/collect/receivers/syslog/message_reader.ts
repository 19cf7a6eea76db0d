import type { Labels } from "#shared/model/labels.ts";
import { ByteMemo } from "../records/byte_memo.ts";
import { type SyslogMessage, readSyslog } from "./message.ts";
import { severityOfSyslog } from "../records/syslog_severity.ts";
import { type SyslogLabels, labelPart } from "./stream_labels.ts";
import { UsualForm } from "./usual_form.ts";
import type { ZoneOffsets } from "./zone_offsets.ts";

/** What everything before a message's text but its time tells. */
export type SyslogHead = {
  /** Undefined where a rule drops the message. */
  readonly labels: Labels | undefined;
  readonly severity: number;
  readonly attributes: Labels;
};

/** Who sends: an address, and its number in the memo. */
export type SyslogSender = { readonly address: string; readonly number: number };

type KnownTime = { readonly secondMs: number; readonly nowMs: number };

/** Times of RFC 3164 have no year: which one is meant is asked anew so often. */
const yearHoldsMs = 1_000;
const nanosPerMs = 1_000_000;
/** Heads with more beside the text are not remembered: the record may be refused with it. */
const rememberedMax = 64;
const priorities = 256;
const sendersMax = 10_000;

/**
 * Reads messages into its own fields, so that nothing is made for one whose head and second came before: those of the usual form are
 * looked up by their bytes, and what readSyslog() told of the same bytes stands for them, too.
 */
export class SyslogMessageReader {
  head: SyslogHead = { labels: undefined, severity: 0, attributes: {} };
  /** Unix time, 0 where the message has none that can be read. */
  ms = 0;
  nanos = 0;
  /** The message's text. */
  bodyStart = 0;
  bodyEnd = 0;
  readonly #labels: SyslogLabels;
  readonly #zone: ZoneOffsets;
  readonly #form = new UsualForm();
  readonly #heads = new ByteMemo<SyslogHead>();
  readonly #times = new ByteMemo<KnownTime>();
  readonly #senders = new Map<string, SyslogSender>();
  #sendersMet = 0;

  constructor(labels: SyslogLabels, zone: ZoneOffsets) {
    this.#labels = labels;
    this.#zone = zone;
  }

  sender(address: string): SyslogSender {
    const known = this.#senders.get(address);
    if (known !== undefined) return known;
    const sender = { address, number: ++this.#sendersMet };
    if (this.#senders.size >= sendersMax) this.#senders.clear();
    this.#senders.set(address, sender);
    return sender;
  }

  /** Reads bytes[start, end), a message without its line end. */
  read(bytes: Buffer, start: number, end: number, sender: SyslogSender, nowMs: number): void {
    const form = this.#form;
    if (form.find(bytes, start, end)) {
      const also = form.priority + priorities * sender.number;
      const head = this.#heads.get(bytes, form.headStart, form.headEnd, also);
      const time = this.#times.get(bytes, form.timeStart, form.secondEnd, form.zone);
      if (head !== undefined && time !== undefined && this.#isOf(time, nowMs)) {
        this.head = head;
        this.ms = time.secondMs + Math.floor(form.nanos / nanosPerMs);
        this.nanos = form.nanos % nanosPerMs;
        this.bodyStart = form.bodyStart;
        this.bodyEnd = end;
        return;
      }
      this.#readWhole(bytes.subarray(start, end), start, sender, nowMs);
      this.#learn(bytes, also, nowMs);
    } else this.#readWhole(bytes.subarray(start, end), start, sender, nowMs);
  }

  #isOf({ nowMs: before }: KnownTime, nowMs: number): boolean {
    return this.#form.hasYear || Math.abs(nowMs - before) < yearHoldsMs;
  }

  #readWhole(line: Buffer, start: number, sender: SyslogSender, nowMs: number): void {
    const message = readSyslog(line, { nowMs, zone: this.#zone });
    this.head = {
      labels: this.#labels.of(message, sender.address),
      severity: severityOfSyslog(message.severity),
      attributes: attributesOf(message, sender.address),
    };
    this.ms = Number(message.unixNanos / 1_000_000n);
    this.nanos = Number(message.unixNanos % 1_000_000n);
    this.bodyStart = start + message.body.byteOffset - line.byteOffset;
    this.bodyEnd = this.bodyStart + message.body.length;
    this.#form.isConfirmed =
      message.form === this.#form.name && this.bodyStart === this.#form.bodyStart;
  }

  /** Remembers what was read of a message that is of the form that was found. */
  #learn(bytes: Buffer, also: number, nowMs: number): void {
    const form = this.#form;
    if (!form.isConfirmed) return;
    const secondMs = this.ms - Math.floor(form.nanos / nanosPerMs);
    if (this.ms > 0 || form.isTimeless)
      this.#times.set(bytes, form.timeStart, form.secondEnd, form.zone, { secondMs, nowMs });
    if (Object.keys(this.head.attributes).length <= rememberedMax)
      this.#heads.set(bytes, form.headStart, form.headEnd, also, this.head);
  }
}

/** What stands beside the body: ids, structured data, and who sent a message that does not say it. */
function attributesOf(message: SyslogMessage, sender: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  const { host, processId, messageId, data } = message;
  if (host === undefined && sender !== "") attributes["sender"] = sender;
  if (processId !== undefined) attributes["procid"] = processId;
  if (messageId !== undefined) attributes["msgid"] = messageId;
  for (const [id, name, value] of data)
    attributes[`sd_${labelPart(id)}_${labelPart(name)}`] = value;
  return attributes;
}
