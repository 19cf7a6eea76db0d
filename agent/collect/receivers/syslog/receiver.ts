import type { Socket } from "node:net";
import { Hono } from "hono";
import { OperatingError } from "#shared/errors.ts";
import { type DatagramServer, startDatagramServer } from "../datagram_server.ts";
import { LogQueue } from "../log_queue.ts";
import { type OpenedReceiver, type ReceiverContext, defineReceiver } from "../receiver.ts";
import { readServerTls } from "../server_tls.ts";
import { ConnectionFault, type StreamServer, startStreamServer } from "../stream_server.ts";
import { SyslogConfig, zoneOf } from "./config.ts";
import { SyslogFraming, withoutLineEnd } from "./framing.ts";
import { type SyslogMessage, readSyslog } from "./message.ts";
import { severityOfSyslog } from "./severity.ts";
import { SyslogLabels, labelPart } from "./stream_labels.ts";

/** Syslog, RFC 5424 and 3164, over UDP, TCP (RFC 6587) and TLS (RFC 5425). */
export const syslog = defineReceiver({
  type: "syslog",
  config: SyslogConfig,
  open: (config, context) => new SyslogReceiver(config, context),
});

class SyslogReceiver implements OpenedReceiver {
  readonly routes = new Hono();
  readonly #config: SyslogConfig;
  readonly #context: ReceiverContext;
  readonly #queue: LogQueue;
  readonly #labels: SyslogLabels;
  readonly #zone: ReturnType<typeof zoneOf>;
  #datagrams: DatagramServer | undefined;
  readonly #streams: StreamServer[] = [];

  constructor(config: SyslogConfig, context: ReceiverContext) {
    this.#config = config;
    this.#context = context;
    this.#queue = new LogQueue(context, config.line_size_max, config.multiline);
    this.#labels = new SyslogLabels(config.labels, config.relabel_configs);
    this.#zone = zoneOf(config.time_zone);
  }

  async start(): Promise<void> {
    const { udp_listen: udp, tcp_listen: tcp, tls_listen: secure, tls } = this.#config;
    const { log } = this.#context;
    if (udp !== undefined) {
      this.#datagrams = await startDatagramServer(udp, (datagram, { address }) =>
        this.#takeDatagram(datagram, address),
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
    const sender = plainAddress(socket.remoteAddress ?? "");
    const { line_size_max: bytesMax } = this.#config;
    const framing = new SyslogFraming(bytesMax, this.#context.memory, (line, wasCut) =>
      this.#take(line, sender, wasCut),
    );
    try {
      for await (const chunk of socket) {
        framing.push(chunk);
        await this.#queue.room();
      }
    } catch (thrown) {
      if (thrown instanceof OperatingError && thrown.code === "overloaded")
        throw new ConnectionFault("memory", thrown.message);
      throw thrown;
    } finally {
      framing.end();
    }
  }

  #takeDatagram(datagram: Buffer, sender: string): void {
    if (this.#queue.isFull) {
      this.#context.drop("logs", "rate_limit", 1);
      return;
    }
    const line = withoutLineEnd(datagram);
    if (line.length === 0) return;
    const wasCut = line.length > this.#config.line_size_max;
    const kept = wasCut ? line.subarray(0, this.#config.line_size_max) : line;
    this.#take(kept, plainAddress(sender), wasCut);
  }

  #take(line: Buffer, sender: string, wasCut: boolean): void {
    if (wasCut) this.#context.notStored("line_end", 1);
    const message = readSyslog(line, { nowMs: this.#context.clock.now(), zone: this.#zone });
    const labels = this.#labels.of(message, sender);
    if (labels === undefined) {
      this.#context.drop("logs", "relabel", 1);
      return;
    }
    const attributes = attributesOf(message, sender);
    if (wasCut) attributes["truncated"] = "true";
    const { unixNanos, body } = message;
    const severity = severityOfSyslog(message.severity);
    this.#queue.add(labels, { unixNanos, severity, body, attributes }, () => line);
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

/** An IPv4 address that came over a socket of IPv6 without its prefix. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}
