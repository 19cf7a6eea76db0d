import type { Socket } from "node:net";
import { Hono } from "hono";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { RelabelConfig } from "#shared/relabel/relabel_config.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { unpackedBody, withBody } from "../transport/body.ts";
import { type DatagramServer, startDatagramServer } from "../transport/datagram_server.ts";
import {
  type RecordShape,
  UnshapedRecordError,
  recordRelabelling,
} from "../records/json_record.ts";
import { KeptRecords } from "../records/kept_records.ts";
import { KnownDocuments } from "../records/known_documents.ts";
import { type Steps, atOnce, inSlices } from "../transport/decode_turns.ts";
import { listenAddress } from "../transport/listen_address.ts";
import { LogQueue } from "../records/log_queue.ts";
import { type OpenedReceiver, type ReceiverContext, defineReceiver } from "../receiver.ts";
import { refusalOf, textAnswer } from "../transport/refusal.ts";
import { type StreamServer, readChunks, startStreamServer } from "../transport/stream_server.ts";
import { GelfChunks } from "./chunks.ts";
import { GelfTime, gelfSteps, oneStepBytesMax } from "./message.ts";
import { NullFraming } from "./null_framing.ts";
import { PackedMessages } from "./packed_messages.ts";

const GelfConfig = z.lazy(() =>
  z.strictObject({
    /** POST /gelf; the ports below, too. */
    enabled: z.boolean().default(true),
    /** Such as "0.0.0.0:12201"; nowhere by default, because each needs a port of its own. */
    udp_listen: listenAddress.optional(),
    tcp_listen: listenAddress.optional(),
    /** Of a message as sent, and of what it unpacks to. */
    message_size_max: byteSize.prefault("8MiB"),
    /** A longer line is cut there, and its end is not stored. */
    line_size_max: byteSize.prefault("256KiB"),
    connections_max: z.number().int().min(1).default(1_024),
    /** Fields that become labels, additional ones without their underscore, and the labels' names. */
    label_keys: z.record(z.string(), z.string()).default({
      app: "app",
      service: "service",
      container_name: "container",
      facility: "facility",
    }),
    /** Messages of a stream over UDP and TCP that belong together become one record; over HTTP each is acknowledged, and one. */
    multiline: MultilineConfig.optional(),
    /** Further labels of all streams. */
    labels: z.record(z.string(), z.string()).default({}),
    /** Rules over the labels and __gelf_message_*; a message that they drop is counted. */
    relabel_configs: z.array(RelabelConfig).default([]),
  }),
);
type GelfConfig = z.output<typeof GelfConfig>;

/** Graylog's format, GELF 1.1, over UDP, TCP and HTTP: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html */
export const gelf = defineReceiver({
  type: "gelf",
  config: GelfConfig,
  emitsLogs: true,
  open: (config, context) => new GelfReceiver(config, context),
});

/** How often messages that wait for chunks are looked at. */
const expiryMs = 1_000;

class GelfReceiver implements OpenedReceiver {
  readonly routes: Hono;
  readonly #config: GelfConfig;
  readonly #context: ReceiverContext;
  readonly #queue: LogQueue;
  readonly #shape: RecordShape;
  readonly #known: KnownDocuments;
  readonly #chunks: GelfChunks;
  readonly #packed: PackedMessages;
  #datagrams: DatagramServer | undefined;
  #streams: StreamServer | undefined;
  #expiry: ReturnType<typeof setInterval> | undefined;

  constructor(config: GelfConfig, context: ReceiverContext) {
    this.#config = config;
    this.#context = context;
    this.#queue = new LogQueue(context, config.line_size_max, config.multiline);
    this.#chunks = new GelfChunks({
      clock: context.clock,
      memory: context.memory,
      messageBytesMax: config.message_size_max,
      onLost: (reason) => context.drop("logs", reason, 1),
    });
    this.#packed = new PackedMessages({
      memory: context.memory,
      messageBytesMax: config.message_size_max,
      take: (message) => this.#take(message),
      onLost: (reason) => context.drop("logs", reason, 1),
    });
    this.#shape = {
      messageKeys: ["short_message"],
      levelKeys: [],
      labelKeys: new Map(Object.entries(config.label_keys)),
      usedKeys: new Set(),
      relabelling: recordRelabelling(config.relabel_configs, "__gelf_message_"),
    };
    // One with a long form, or another short one, has its body from both: by these names it is never known.
    const messageKeys = ["full_message", "_short_message", ...this.#shape.messageKeys];
    const shape = { ...this.#shape, messageKeys };
    const time = new GelfTime();
    this.#known = new KnownDocuments({ shape, timeKeys: ["timestamp"], time, bodiesTell: false });
    this.routes = new Hono().post("/gelf", (c) => this.#answer(c.req.raw));
    this.routes.all("/gelf", (c) => c.text("expected POST\n", 405));
  }

  async start(): Promise<void> {
    const { udp_listen: udp, tcp_listen: tcp, connections_max: connectionsMax } = this.#config;
    const context = this.#context;
    if (udp !== undefined) {
      this.#datagrams = await startDatagramServer(
        udp,
        (datagram, { address, port }) => this.#takeDatagram(datagram, `${address} ${port}`),
        (datagrams) => context.drop("logs", "rate_limit", datagrams),
      );
      this.#expiry = setInterval(() => this.#chunks.expire(), expiryMs);
      context.log.info("GELF is taken over UDP", { port: this.#datagrams.port });
    }
    if (tcp !== undefined) {
      const options = { listen: tcp, connectionsMax, context };
      this.#streams = await startStreamServer(options, (socket) => this.#serve(socket));
      context.log.info("GELF is taken over TCP", { port: this.#streams.port });
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#expiry);
    this.#datagrams?.stop();
    this.#chunks.close();
    await this.#streams?.stop();
    await this.#packed.done();
    await this.#queue.written();
  }

  async #serve(socket: Socket): Promise<void> {
    const { message_size_max: bytesMax } = this.#config;
    const framing = new NullFraming(bytesMax, this.#context.memory, {
      message: (message) => this.#packed.add(message),
      tooLong: () => this.#context.drop("logs", "line_too_long", 1),
    });
    await readChunks(socket, framing, async () => {
      await this.#packed.room();
      await this.#queue.room();
    });
  }

  #takeDatagram(datagram: Buffer, sender: string): void {
    if (this.#queue.isFull) {
      this.#context.drop("logs", "rate_limit", 1);
      return;
    }
    const message = GelfChunks.isChunk(datagram) ? this.#chunks.add(datagram, sender) : datagram;
    if (message !== undefined && message.length > 0) this.#packed.add(message);
  }

  /** Takes a message over UDP or TCP, whose sender gets no answer. Small ones are taken at once; for a large one the promise resolves later. */
  #take(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isKnown(bytes, this.#queue)) return undefined;
    const steps = this.#read(bytes, this.#queue);
    if (bytes.length > oneStepBytesMax)
      return inSlices(steps).catch((thrown: unknown) => this.#refuse(thrown));
    try {
      atOnce(steps);
    } catch (thrown) {
      this.#refuse(thrown);
    }
    return undefined;
  }

  #refuse(thrown: unknown): void {
    if (!(thrown instanceof OperatingError)) throw thrown;
    const reason = thrown.code === "overloaded" ? "rate_limit" : "invalid_record";
    this.#context.drop("logs", reason, 1);
  }

  /** Whether it is a message as others before it, and taken. */
  #isKnown(bytes: Uint8Array, records: Pick<KeptRecords, "addLine">): boolean {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return this.#known.add(text, 0, text.length, 0, records, () => this.#dropRelabelled());
  }

  #dropRelabelled(): void {
    this.#context.drop("logs", "relabel", 1);
  }

  /** Throws OperatingError. */
  *#read(bytes: Uint8Array, records: Pick<KeptRecords, "add">): Steps {
    const { memory } = this.#context;
    let taken = 0;
    const take = (size: number): void => {
      memory.take(size);
      taken += size;
    };
    try {
      const { labels, line_size_max: lineBytesMax } = this.#config;
      const record = yield* gelfSteps(bytes, { labels, shape: this.#shape, take, lineBytesMax });
      this.#known.learn(record, record.severity, record.timeKey);
      if (record.isDropped) this.#dropRelabelled();
      else records.add(record.labels, record, record.whole);
    } catch (thrown) {
      if (!(thrown instanceof UnshapedRecordError)) throw thrown;
      throw new OperatingError("bad_request", thrown.message, { cause: thrown });
    } finally {
      memory.giveBack(taken);
    }
  }

  /** 202 when the spool has the message. */
  async #answer(request: Request): Promise<Response> {
    const { message_size_max: bytesMax, line_size_max: lineBytesMax } = this.#config;
    const context = this.#context;
    try {
      return await withBody(request, { bytesMax, memory: context.memory }, async (body, take) => {
        const encoding = request.headers.get("content-encoding") ?? undefined;
        const unpacked = await unpackedBody(body, encoding, bytesMax, take);
        const records = new KeptRecords(context, lineBytesMax);
        if (!this.#isKnown(unpacked, records)) await inSlices(this.#read(unpacked, records));
        if (records.length > 0) await records.emit((batch) => context.emitLogs(batch));
        return new Response(null, { status: 202 });
      });
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (refusal.status < 500) context.drop("logs", "invalid_record", 1);
      return textAnswer(refusal);
    }
  }
}
