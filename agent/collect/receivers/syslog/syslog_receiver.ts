import type { Socket } from "node:net";
import { type DatagramServer, startDatagramServer } from "../transport/datagram_server.ts";
import { LogQueue } from "../records/log_queue.ts";
import type { OpenedReceiver, ReceiverContext } from "../receiver.ts";
import { readServerTls } from "../transport/server_tls.ts";
import { type StreamServer, readChunks, startStreamServer } from "../transport/stream_server.ts";
import { type SyslogConfig, zoneOf } from "./config.ts";
import { SyslogFraming, trimmedEnd } from "./framing.ts";
import { SyslogMessageReader, type SyslogSender } from "./message_reader.ts";
import { SyslogLabels } from "./stream_labels.ts";

/** Syslog, RFC 5424 and 3164, over UDP, TCP (RFC 6587) and TLS (RFC 5425). */
export class SyslogReceiver implements Omit<OpenedReceiver, "routes"> {
  readonly #config: SyslogConfig;
  readonly #context: ReceiverContext;
  readonly #queue: LogQueue;
  readonly #reader: SyslogMessageReader;
  #datagrams: DatagramServer | undefined;
  readonly #streams: StreamServer[] = [];

  constructor(config: SyslogConfig, context: ReceiverContext) {
    this.#config = config;
    this.#context = context;
    this.#queue = new LogQueue(context, config.line_size_max, config.multiline);
    const labels = new SyslogLabels(config.labels, config.relabel_configs);
    this.#reader = new SyslogMessageReader(labels, zoneOf(config.time_zone));
  }

  async start(): Promise<void> {
    const { udp_listen: udp, tcp_listen: tcp, tls_listen: secure, tls } = this.#config;
    const { log } = this.#context;
    if (udp !== undefined) {
      this.#datagrams = await startDatagramServer(
        udp,
        (datagram, { address }) => this.#takeDatagram(datagram, address),
        (datagrams) => this.#context.drop("logs", "rate_limit", datagrams),
      );
      log.info("syslog is taken over UDP", { port: this.#datagrams.port });
    }
    if (tcp !== undefined) {
      const server = await this.#listen(tcp, undefined);
      log.info("syslog is taken over TCP", { port: server.port });
    }
    if (secure !== undefined && tls !== undefined) {
      const server = await this.#listen(secure, await readServerTls(tls));
      log.info("syslog is taken over TLS", { port: server.port });
    }
  }

  async stop(): Promise<void> {
    this.#datagrams?.stop();
    await Promise.all(this.#streams.map((server) => server.stop()));
    await this.#queue.written();
  }

  async #listen(
    listen: string,
    tls: Awaited<ReturnType<typeof readServerTls>> | undefined,
  ): Promise<StreamServer> {
    const { connections_max: connectionsMax } = this.#config;
    const server = await startStreamServer(
      { listen, tls, connectionsMax, context: this.#context },
      (socket) => this.#serve(socket),
    );
    this.#streams.push(server);
    return server;
  }

  async #serve(socket: Socket): Promise<void> {
    const sender = this.#reader.sender(plainAddress(socket.remoteAddress ?? ""));
    const { line_size_max: bytesMax } = this.#config;
    const framing = new SyslogFraming(bytesMax, this.#context.memory, (bytes, start, end, wasCut) =>
      this.#take(bytes, start, end, sender, wasCut),
    );
    await readChunks(socket, framing, () => this.#queue.room());
  }

  #takeDatagram(datagram: Buffer, address: string): void {
    if (this.#queue.isFull) {
      this.#context.drop("logs", "rate_limit", 1);
      return;
    }
    const end = trimmedEnd(datagram, 0, datagram.length);
    if (end === 0) return;
    const last = Math.min(end, this.#config.line_size_max);
    this.#take(datagram, 0, last, this.#reader.sender(plainAddress(address)), last < end);
  }

  #take(bytes: Buffer, start: number, end: number, sender: SyslogSender, wasCut: boolean): void {
    const reader = this.#reader;
    reader.read(bytes, start, end, sender, this.#context.clock.now());
    if (wasCut) this.#context.notStored("line_end", 1);
    const { labels, severity, attributes } = reader.head;
    if (labels === undefined) {
      this.#context.drop("logs", "relabel", 1);
      return;
    }
    this.#queue.addLine(
      labels,
      reader.ms,
      reader.nanos,
      severity,
      bytes,
      reader.bodyStart,
      reader.bodyEnd,
      wasCut ? { ...attributes, truncated: "true" } : attributes,
      // Nothing else refuses attributes than that there are too many of them.
      reader.bodyStart - start > smallHeadBytes ? () => bytes.subarray(start, end) : undefined,
    );
  }
}

/** Fewer bytes hold less beside the text than a record may have. */
const smallHeadBytes = 256;

/** An IPv4 address that came over a socket of IPv6 without its prefix. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}
