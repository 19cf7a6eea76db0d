import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { gauge } from "../../collect/samples/family.ts";
import { expand } from "../expand.ts";
import { firstHeader } from "../http/answer.ts";
import { askHttp1 } from "../http/http1.ts";
import { requestHeaders } from "../http/request_headers.ts";
import { ByteStream } from "../net/byte_stream.ts";
import { dial } from "../net/dial.ts";
import { chooseAddress } from "../net/resolve.ts";
import { startTls } from "../net/tls.ts";
import type { Probe, ProbeContext } from "../prober.ts";
import type { WebsocketProbe } from "./config.ts";
import { readMessage, sendClose, sendText } from "./frames.ts";

const statusCode = gauge("probe_websocket_status_code", "Response HTTP status code");
const isUpgraded = gauge(
  "probe_websocket_connection_upgraded",
  "Indicates if the websocket connection was successfully upgraded",
);
const failedDueToRegex = gauge(
  "probe_websocket_failed_due_to_regex",
  "Indicates if probe failed due to regex",
);
const duration = gauge(
  "probe_websocket_duration_seconds",
  "Duration of websocket request by phase",
  ["phase"],
);
/** RFC 6455 section 1.3. */
const keySalt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** An upgrade to a WebSocket and a conversation on it (prober/websocket.go). */
export const probeWebsocket: Probe<WebsocketProbe> = async (options, context) => {
  const { gauges, notes, target } = context;
  for (const family of [statusCode, isUpgraded, failedDueToRegex]) gauges.register(family);
  if (!URL.canParse(target) || !/^wss?:$/.test(new URL(target).protocol))
    throw new OperatingError("bad_request", `"${target}" is no URL of the scheme ws or wss`);
  const url = new URL(target);
  const { address, seconds } = await chooseAddress(url.hostname, options, context);
  gauges.plus(duration, seconds, "resolve");
  const startMs = performance.now();
  let connectMs = 0;
  let raw: Socket | undefined;
  let stream: ByteStream | undefined;
  try {
    try {
      const port = url.port === "" ? (url.protocol === "wss:" ? 443 : 80) : Number(url.port);
      raw = await dial({ host: address, port }, context.deadline);
      connectMs = performance.now() - startMs;
      gauges.plus(duration, connectMs / 1_000, "connect");
      stream = await upgrade(raw, url, options, context);
    } catch (thrown) {
      notes.error("Error dialing websocket", { err: messageOf(thrown) });
      return false;
    } finally {
      const totalMs = performance.now() - startMs;
      gauges.plus(duration, Math.max(0, totalMs - connectMs) / 1_000, "processing");
    }
    gauges.set(isUpgraded, 1);
    return await converse(stream, options, context);
  } finally {
    if (stream === undefined) raw?.destroy();
    else {
      sendClose(stream);
      stream.end();
    }
  }
};

async function upgrade(
  raw: Socket,
  url: URL,
  { http_config: client, headers: own }: WebsocketProbe,
  context: ProbeContext,
): Promise<ByteStream> {
  const { deadline, gauges } = context;
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const secured =
    url.protocol === "wss:" ? await startTls(raw, name, client.tls_config, deadline) : undefined;
  const stream = new ByteStream(secured?.socket ?? raw, deadline);
  const key = randomBytes(16).toString("base64");
  const choice = { preferred_ip_protocol: "ip6", ip_protocol_fallback: true } as const;
  const headers = await requestHeaders({ ...client, ...choice, http_headers: own }, {});
  headers.set("Upgrade", "websocket");
  headers.set("Connection", "Upgrade");
  headers.set("Sec-WebSocket-Key", key);
  headers.set("Sec-WebSocket-Version", "13");
  const request = { method: "GET", url, host: url.host, headers, body: new Uint8Array() };
  const answer = await askHttp1(stream, request, false);
  gauges.set(statusCode, answer.status);
  const accepted = createHash("sha1").update(`${key}${keySalt}`).digest("base64");
  if (answer.status !== 101 || firstHeader(answer.headers, "sec-websocket-accept") !== accepted) {
    stream.close();
    throw new OperatingError("unavailable", `bad handshake, HTTP status ${answer.status}`);
  }
  return stream;
}

async function converse(
  stream: ByteStream,
  { query_response: steps }: WebsocketProbe,
  { gauges, notes }: ProbeContext,
): Promise<boolean> {
  if (steps.length === 0) return true;
  const startMs = performance.now();
  try {
    for (const { expect, send } of steps) {
      let text = send;
      if (expect !== undefined) {
        const message = (await readMessage(stream)).toString("utf8");
        const groups = expect.exec(message);
        if (groups === undefined) {
          notes.error("Regexp did not match", { regexp: expect.source, line: message });
          gauges.set(failedDueToRegex, 1);
          return false;
        }
        text = expand(send, expect, groups);
      }
      if (text !== "") sendText(stream, text);
    }
    return true;
  } catch (thrown) {
    notes.error("Error reading message", { err: messageOf(thrown) });
    gauges.set(failedDueToRegex, 1);
    return false;
  } finally {
    gauges.plus(duration, (performance.now() - startMs) / 1_000, "transfer");
  }
}
