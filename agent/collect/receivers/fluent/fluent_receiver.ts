import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { parseListen } from "#shared/runtime/config/base_config.ts";
import { type DatagramServer, startDatagramServer } from "../transport/datagram_server.ts";
import { UnshapedRecordError, recordRelabelling } from "../records/json_record.ts";
import { KeptRecords } from "../records/kept_records.ts";
import { LogQueue } from "../records/log_queue.ts";
import type { OpenedReceiver, ReceiverContext } from "../receiver.ts";
import { readServerTls } from "../transport/server_tls.ts";
import { type StreamServer, startStreamServer } from "../transport/stream_server.ts";
import type { FluentConfig } from "./config.ts";
import { serveForward } from "./connection.ts";
import { EntryIntake, type RecordSink } from "./entry_intake.ts";
import { type ForwardMessage, optionsOf, readForwardMessage } from "./forward_message.ts";
import type { Credentials } from "./handshake.ts";
import { MessagePackError } from "./message_scanner.ts";

type Sink = RecordSink & {
  /** It wants a pause: room(). */
  readonly isFull: boolean;
  room(): Promise<void>;
};

/** Fluentd's and Fluent Bit's Forward protocol, v1, over TCP or TLS. */
export class FluentReceiver implements Omit<OpenedReceiver, "routes"> {
  readonly #config: FluentConfig;
  readonly #context: ReceiverContext;
  readonly #queue: LogQueue;
  readonly #entries: EntryIntake;
  #server: StreamServer | undefined;
  #heartbeats: DatagramServer | undefined;

  constructor(config: FluentConfig, context: ReceiverContext) {
    this.#config = config;
    this.#context = context;
    this.#queue = new LogQueue(context, config.line_size_max, config.multiline);
    const shape = {
      messageKeys: config.message_keys,
      levelKeys: config.level_keys,
      labelKeys: new Map(Object.entries(config.label_keys)),
      usedKeys: new Set<string>(),
      relabelling: recordRelabelling(config.relabel_configs, "__fluent_record_"),
    };
    this.#entries = new EntryIntake(shape, () => context.drop("logs", "relabel", 1));
  }

  async start(): Promise<void> {
    const { listen, tls, heartbeat, connections_max: connectionsMax } = this.#config;
    if (listen === undefined) return;
    const credentials = credentialsOf(this.#config);
    const { message_size_max: messageBytesMax } = this.#config;
    const context = this.#context;
    const files = tls === undefined ? undefined : await readServerTls(tls);
    const server = await startStreamServer(
      { listen, tls: files, connectionsMax, context },
      (socket) =>
        serveForward(socket, { context, credentials, messageBytesMax }, (message) =>
          this.#take(message),
        ),
    );
    this.#server = server;
    context.log.info("Fluent's Forward protocol is taken", { port: server.port });
    if (!heartbeat) return;
    const address = `${listen.slice(0, listen.lastIndexOf(":"))}:${server.port}`;
    this.#heartbeats = await startDatagramServer(
      address,
      (_, from) => this.#heartbeats?.send(Uint8Array.of(0), from),
      // A heartbeat that is lost is nothing of anyone's.
      () => {},
    );
    context.log.debug("heartbeats are answered", parseListen(address));
  }

  async stop(): Promise<void> {
    this.#heartbeats?.stop();
    await this.#server?.stop();
    await this.#queue.written();
  }

  /**
   * Takes a message. What can't be read of it is counted and acknowledged, because it would not be better the next time. Throws
   * OperatingError("unavailable", "overloaded") when it is to come again.
   */
  async #take(bytes: Uint8Array): Promise<string | undefined> {
    const { memory } = this.#context;
    let taken = 0;
    try {
      const { message_size_max: bytesMax } = this.#config;
      const message = readForwardMessage(bytes, bytesMax, (size) => {
        memory.take(size);
        taken += size;
      });
      return await this.#store(message);
    } catch (thrown) {
      if (!(thrown instanceof OperatingError) || thrown.code !== "bad_request") throw thrown;
      const { chunk, size } = optionsOf(bytes);
      // No entry is shorter than a byte.
      this.#refuse(Math.min(Math.max(1, size), bytes.length), thrown);
      return chunk;
    } finally {
      memory.giveBack(taken);
    }
  }

  async #store({ tag, options, entries }: ForwardMessage): Promise<string | undefined> {
    const { chunk, signal } = options;
    if (signal !== 0) {
      this.#context.notStored("other_signal", 1);
      return chunk;
    }
    if (chunk === undefined) {
      await this.#add(tag, entries, this.#queue);
      return undefined;
    }
    let records = this.#newRecords();
    const emit = async (next = this.#newRecords()): Promise<void> => {
      const full = records;
      records = next;
      if (full.length > 0) await full.emit((batch) => this.#context.emitLogs(batch));
    };
    await this.#add(tag, entries, {
      add: (...record) => records.add(...record),
      addLine: (...line) => records.addLine(...line),
      get isFull() {
        return records.isLarge;
      },
      room: async () => emit(records.next()),
    });
    await emit();
    return chunk;
  }

  #newRecords(): KeptRecords {
    const { line_size_max: lineBytesMax, multiline } = this.#config;
    return new KeptRecords(this.#context, lineBytesMax, multiline);
  }

  /** Entries one by one, with a pause where the sink has enough. What no entry can be told of any more is counted as one. */
  async #add(tag: string, entries: Iterable<Uint8Array>, sink: Sink): Promise<void> {
    const common = { job: "fluent", tag, ...this.#config.labels };
    try {
      for (const entry of entries) {
        this.#addEntry(entry, common, sink);
        if (sink.isFull) await sink.room();
      }
    } catch (thrown) {
      if (!(thrown instanceof MessagePackError)) throw thrown;
      this.#refuse(1, thrown);
    }
  }

  #addEntry(entry: Uint8Array, common: Labels, sink: Sink): void {
    try {
      this.#entries.add(entry, common, sink);
    } catch (thrown) {
      const isTheirs = thrown instanceof MessagePackError || thrown instanceof UnshapedRecordError;
      if (!isTheirs) throw thrown;
      this.#refuse(1, thrown);
    }
  }

  #refuse(records: number, thrown: unknown): void {
    this.#context.drop("logs", "invalid_record", records);
    this.#context.log.debug("records were refused", { records, error: messageOf(thrown) });
  }
}

function credentialsOf(config: FluentConfig): Credentials | undefined {
  const { shared_key: sharedKey, users, server_name: hostname } = config;
  if (sharedKey === undefined) return undefined;
  const known = new Map(users.map(({ username, password }) => [username, password]));
  return { sharedKey, users: known, hostname };
}
