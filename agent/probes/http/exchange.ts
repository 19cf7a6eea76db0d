import type { Socket } from "node:net";
import { OperatingError } from "#shared/errors.ts";
import { ByteStream } from "../net/byte_stream.ts";
import { dial } from "../net/dial.ts";
import type { ProbeTls } from "../net/options.ts";
import { hostPort, resolveAgain } from "../net/resolve.ts";
import { type TlsConnection, startTls } from "../net/tls.ts";
import type { ProbeContext } from "../prober.ts";
import type { Answer, Request } from "./answer.ts";
import type { HttpProbe } from "./config.ts";
import { askForTunnel, askHttp1 } from "./http1.ts";
import { askHttp2 } from "./http2.ts";

/** Moments of one request on performance.now()'s clock; 0 is one that did not come. */
export type Trace = {
  isTls: boolean;
  startMs: number;
  dnsDoneMs: number;
  connectDoneMs: number;
  tlsStartMs: number;
  tlsDoneMs: number;
  gotConnectionMs: number;
  responseStartMs: number;
  endMs: number;
};

export function newTrace(isTls: boolean): Trace {
  const startMs = performance.now();
  return {
    isTls,
    startMs,
    dnsDoneMs: startMs,
    connectDoneMs: 0,
    tlsStartMs: 0,
    tlsDoneMs: 0,
    gotConnectionMs: 0,
    responseStartMs: 0,
    endMs: 0,
  };
}

/** How a request reaches its server. */
export type Route = {
  /** Numeric and checked, or a name for a proxy to look up. */
  readonly address: string;
  /** What the certificate must be for. */
  readonly serverName: string;
  readonly proxy: URL | undefined;
};

export type ExchangeOptions = Pick<HttpProbe, "enable_http2" | "proxy_connect_header"> & {
  readonly tls_config: ProbeTls;
};

export type Exchange = { readonly answer: Answer; readonly secured: TlsConnection | undefined };

/** One request on a connection of its own, and the begin of its answer; the caller reads the body and closes. Throws OperatingError. */
export async function exchange(
  request: Request,
  route: Route,
  options: ExchangeOptions,
  trace: Trace,
  context: ProbeContext,
): Promise<Exchange> {
  const { deadline } = context;
  const { url } = request;
  const { proxy } = route;
  const raw = await connection(url, route, context);
  trace.connectDoneMs = performance.now();
  let secured: TlsConnection | undefined;
  try {
    if (url.protocol === "https:") {
      if (proxy !== undefined) await tunnel(raw, url, route, options, context);
      trace.tlsStartMs = performance.now();
      const alpn = options.enable_http2 ? ["h2", "http/1.1"] : [];
      secured = await startTls(raw, route.serverName, options.tls_config, deadline, alpn);
      trace.tlsDoneMs = performance.now();
    }
    trace.gotConnectionMs = performance.now();
    if (secured?.socket.alpnProtocol === "h2") {
      const answer = await askHttp2(secured.socket, request, deadline);
      trace.responseStartMs = answer.startMs;
      return { answer, secured };
    }
    const stream = new ByteStream(secured?.socket ?? raw, deadline);
    try {
      const isToProxy = proxy !== undefined && secured === undefined;
      const sent = {
        ...request,
        headers: withProxyHeaders(request, isToProxy ? proxy : undefined),
      };
      const answer = await askHttp1(stream, sent, isToProxy);
      trace.responseStartMs = answer.startMs;
      return { answer, secured };
    } catch (thrown) {
      trace.responseStartMs = stream.firstByteMs;
      stream.close();
      throw thrown;
    }
  } catch (thrown) {
    secured?.socket.destroy();
    raw.destroy();
    throw thrown;
  }
}

async function connection(url: URL, route: Route, context: ProbeContext): Promise<Socket> {
  const { proxy } = route;
  if (proxy === undefined)
    return dial({ host: route.address, port: portOf(url) }, context.deadline);
  // A proxy is named by the configuration, so that no guard is asked.
  const address = await resolveAgain(
    proxy.hostname,
    { preferred_ip_protocol: "ip4", ip_protocol_fallback: true },
    context,
  );
  return dial({ host: address, port: portOf(proxy) }, context.deadline);
}

async function tunnel(
  raw: Socket,
  url: URL,
  { address, proxy }: Route,
  options: ExchangeOptions,
  context: ProbeContext,
): Promise<void> {
  const headers = new Map(
    Object.entries(options.proxy_connect_header).map(([name, values]) => [name, values.join(", ")]),
  );
  const authorization = proxyAuthorization(proxy);
  if (authorization !== undefined) headers.set("Proxy-Authorization", authorization);
  const stream = new ByteStream(raw, context.deadline);
  await askForTunnel(stream, hostPort(address, portOf(url)), headers);
  stream.release();
}

function withProxyHeaders(
  { headers }: Request,
  proxy: URL | undefined,
): ReadonlyMap<string, string> {
  const authorization = proxyAuthorization(proxy);
  const all = new Map([...headers, ["Connection", "close"] as const]);
  if (authorization !== undefined) all.set("Proxy-Authorization", authorization);
  return all;
}

function proxyAuthorization(proxy: URL | undefined): string | undefined {
  if (proxy === undefined || proxy.username === "") return undefined;
  return basicOf(proxy);
}

/** `Basic` credentials of a URL that holds some. */
export function basicOf(url: URL): string {
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

function portOf(url: URL): number {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new OperatingError("bad_request", `unsupported protocol scheme "${url.protocol}"`);
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}
