import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { readBody } from "../http/body.ts";
import { exchange, newTrace } from "../http/exchange.ts";
import { ByteStream } from "../net/byte_stream.ts";
import type { Deadline } from "../net/deadline.ts";
import { dial } from "../net/dial.ts";
import { startTls } from "../net/tls.ts";
import type { ProbeContext } from "../prober.ts";
import type { DnsProbe } from "./config.ts";

export type Reply = {
  readonly message: Uint8Array;
  readonly connectSeconds: number;
  readonly requestSeconds: number;
};

type Server = {
  readonly address: string;
  readonly port: number;
  /** As it was asked for: what a certificate must be for. */
  readonly name: string;
};

/** A message over UDP. Answers to other questions are let go. Throws OperatingError. */
export function askUdp(
  query: Buffer,
  { address, port }: Server,
  source: string | undefined,
  deadline: Deadline,
): Promise<Reply> {
  const startMs = performance.now();
  const socket = createSocket(isIPv6(address.split("%")[0] ?? "") ? "udp6" : "udp4");
  let sentMs = startMs;
  return new Promise<Reply>((resolve, reject) => {
    const fail = (thrown: unknown) =>
      reject(new OperatingError("unavailable", messageOf(thrown), { cause: thrown }));
    const forget = deadline.onEnd(() => reject(deadline.error));
    socket.once("close", forget);
    socket.on("error", fail);
    socket.on("message", (message: Buffer) => {
      if (message.length < 2 || message.readUInt16BE(0) !== query.readUInt16BE(0)) return;
      resolve({
        message,
        connectSeconds: (sentMs - startMs) / 1_000,
        requestSeconds: (performance.now() - sentMs) / 1_000,
      });
    });
    const send = () => {
      sentMs = performance.now();
      socket.send(query, (error) => {
        if (error !== null) fail(error);
      });
    };
    const connect = () => {
      socket.connect(port, address, send);
    };
    try {
      if (source === undefined) connect();
      else socket.bind({ address: source, port: 0 }, connect);
    } catch (thrown) {
      fail(thrown);
    }
  }).finally(() => socket.close());
}

/** A message over TCP, or TLS (RFC 7858), with its length before it. Throws OperatingError. */
export async function askTcp(
  query: Buffer,
  { address, port, name }: Server,
  options: DnsProbe,
  deadline: Deadline,
): Promise<Reply> {
  const startMs = performance.now();
  const raw = await dial({ host: address, port, source: options.source_ip_address }, deadline);
  const secured = options.dns_over_tls
    ? await startTls(raw, name, options.tls_config, deadline)
    : undefined;
  const stream = new ByteStream(secured?.socket ?? raw, deadline);
  try {
    const sentMs = performance.now();
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    stream.write(Buffer.concat([length, query]));
    const message = await stream.bytes((await stream.bytes(2)).readUInt16BE(0));
    if (message.length < 2 || message.readUInt16BE(0) !== query.readUInt16BE(0))
      throw new OperatingError("corrupt", "the answer is to another question");
    return {
      message,
      connectSeconds: (sentMs - startMs) / 1_000,
      requestSeconds: (performance.now() - sentMs) / 1_000,
    };
  } finally {
    stream.close();
    raw.destroy();
  }
}

/** A message over HTTPS (RFC 8484). Throws OperatingError. */
export async function askHttps(
  query: Buffer,
  url: URL,
  address: string,
  options: DnsProbe,
  context: ProbeContext,
): Promise<Reply> {
  const trace = newTrace(true);
  const type = "application/dns-message";
  const { answer } = await exchange(
    {
      method: "POST",
      url,
      host: url.host,
      headers: new Map([
        ["Content-Type", type],
        ["Accept", type],
      ]),
      body: query,
    },
    { address, serverName: url.hostname, proxy: undefined },
    { enable_http2: true, proxy_connect_header: {}, tls_config: options.tls_config },
    trace,
    context,
  );
  const { kept, error } = await readBody(answer.body(), 65_535, true, context.deadline);
  answer.close();
  if (error !== undefined || answer.status !== 200)
    throw new OperatingError(
      "unavailable",
      `the answer is ${error ?? `of HTTP status ${answer.status}`}`,
    );
  return {
    message: kept,
    connectSeconds: (trace.gotConnectionMs - trace.startMs) / 1_000,
    requestSeconds: (performance.now() - trace.gotConnectionMs) / 1_000,
  };
}
