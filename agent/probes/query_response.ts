import type { Socket } from "node:net";
import { OperatingError } from "#shared/errors.ts";
import type { LinearRegex } from "#shared/text/linear_regex.ts";
import { gauge } from "../collect/samples/family.ts";
import { expand } from "./expand.ts";
import { earliestCertExpiry, failedDueToRegex, lastChainExpiry } from "./families.ts";
import { ByteStream } from "./net/byte_stream.ts";
import { tellTls } from "./net/certificate_gauges.ts";
import type { ProbeTls } from "./net/options.ts";
import { type TlsConnection, startTls } from "./net/tls.ts";
import type { ProbeContext } from "./prober.ts";
import type { QueryResponse } from "./query_response_config.ts";

/** Longest line that is read, as in bufio.Scanner. */
const lineBytesMax = 64 * 1024;
/** Lines that are read in search of one that matches. */
const linesMax = 100_000;
const failedDueToBytes = gauge(
  "probe_failed_due_to_bytes",
  "Indicates if probe failed due to bytes",
);

type Step = QueryResponse[number];
type Conversation = {
  stream: ByteStream;
  /** The connection below any TLS. */
  raw: Socket;
  readonly name: string;
  readonly tls: ProbeTls;
};

/**
 * A conversation on an open connection, as the blackbox exporter leads it (prober/query_response.go). `secured` is the TLS on it, where it has some; `name` is
 * what the certificate must be for when it starts later. Closes the connection.
 */
export async function converse(
  steps: QueryResponse,
  connection: { readonly raw: Socket; readonly secured: TlsConnection | undefined },
  { name, tls }: { readonly name: string; readonly tls: ProbeTls },
  context: ProbeContext,
): Promise<boolean> {
  const { gauges, deadline, notes } = context;
  const { raw, secured } = connection;
  gauges.register(failedDueToRegex);
  gauges.register(failedDueToBytes);
  if (secured !== undefined) tellTls(secured, gauges, { chain: true, cipher: false });
  const stream = new ByteStream(secured?.socket ?? raw, deadline);
  const conversation: Conversation = { stream, raw, name, tls };
  try {
    for (const [i, step] of steps.entries()) {
      notes.debug("Processing query response entry", { entry_number: i });
      if (await take(step, conversation, context)) continue;
      conversation.stream.close();
      return false;
    }
    conversation.stream.end();
    return true;
  } catch (thrown) {
    conversation.stream.close();
    raw.destroy();
    throw thrown;
  }
}

async function take(
  step: Step,
  conversation: Conversation,
  context: ProbeContext,
): Promise<boolean> {
  const { stream } = conversation;
  const { notes, gauges } = context;
  let { send } = step;
  if (step.expect !== undefined) {
    const answer = await lineThatMatches(step.expect, step.labels, stream, context);
    if (answer === undefined) return false;
    send = expand(send, step.expect, answer);
  }
  if (step.expect_bytes !== undefined && step.expect_bytes !== "") {
    const wanted = Buffer.from(step.expect_bytes);
    const found = await stream.bytes(wanted.length);
    gauges.set(failedDueToBytes, found.equals(wanted) ? 0 : 1);
    if (!found.equals(wanted)) {
      notes.error("Bytes did not match", { expected: shown(wanted), bytes: shown(found) });
      return false;
    }
  }
  if (send !== "") {
    notes.debug("Sending line", { line: send });
    stream.write(`${send}\n`);
  }
  if (step.starttls) await secure(conversation, context);
  return true;
}

async function lineThatMatches(
  expect: LinearRegex,
  labels: Step["labels"],
  stream: ByteStream,
  { notes, gauges }: ProbeContext,
): Promise<(string | undefined)[] | undefined> {
  let last = "";
  for (let count = 0; count < linesMax; count++) {
    const line = await stream.line(lineBytesMax);
    if (line === undefined) break;
    last = line.toString("utf8");
    notes.debug("Read line", { line: last });
    const groups = expect.exec(last);
    if (groups === undefined) continue;
    gauges.set(failedDueToRegex, 0);
    if (labels !== undefined) {
      const names = labels.map((label) => label.name);
      const info = gauge("probe_expect_info", "Explicit content matched", names);
      gauges.set(info, 1, ...labels.map(({ value }) => expand(value, expect, groups)));
    }
    return groups;
  }
  gauges.set(failedDueToRegex, 1);
  notes.error("Regexp did not match", { regexp: expect.source, line: last });
  return undefined;
}

/** Goes on in TLS on the same connection. */
async function secure(conversation: Conversation, context: ProbeContext): Promise<void> {
  const { raw, name, tls } = conversation;
  conversation.stream.release();
  const secured = await startTls(raw, name, tls, context.deadline);
  context.notes.debug("TLS Handshake (client) succeeded.");
  if (context.gauges.value(earliestCertExpiry) !== undefined)
    throw new OperatingError("bad_request", "starttls on a connection that has TLS already");
  context.gauges.register(lastChainExpiry);
  tellTls(secured, context.gauges, { chain: true, cipher: false });
  conversation.stream = new ByteStream(secured.socket, context.deadline);
}

function shown(bytes: Buffer): string {
  return JSON.stringify(bytes.toString("latin1"));
}
