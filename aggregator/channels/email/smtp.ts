import { type Socket, connect } from "node:net";
import { messageOf } from "#shared/errors.ts";
import { tlsOf } from "#shared/http/credentials.ts";
import { type SecretValues, SendFailure } from "../failure.ts";
import { secretValue } from "../secret_value.ts";
import { isGiven } from "../key_checks.ts";
import { type ChartPicture, chartFileName } from "../details.ts";
import { chartCid } from "./details_html.ts";
import type { Email } from "./message.ts";
import type { EmailConfig } from "./schema.ts";

/** How long a server may take to greet, and to answer. */
const [greetingMsMax, silenceMsMax] = [30_000, 60_000];

/** Hands an e-mail to the server of the configuration; gives its answer. Throws SendFailure. */
export async function sendEmail(
  config: EmailConfig,
  email: Email,
  signal: AbortSignal,
  secrets: SecretValues,
): Promise<string> {
  const auth = await authOf(config, secrets);
  const [host, port] = addressOf(config.smarthost ?? "");
  const isImplicit = config.force_implicit_tls ?? port === 465;
  const tls = config.tls_config === undefined ? {} : await tlsOf({ tls_config: config.tls_config });
  const name = config.tls_config?.server_name;
  // Loaded with the first e-mail: most processes send none.
  const { createTransport } = await import("nodemailer");
  const socket = connect({ host, port });
  const stop = () => socket.destroy(new Error("no complete answer in time"));
  signal.addEventListener("abort", stop, { once: true });
  const transport = createTransport({
    host,
    port,
    secure: isImplicit,
    requireTLS: config.require_tls === true && !isImplicit,
    ignoreTLS: config.require_tls === false && !isImplicit,
    tls: { ...tls, ...(name === undefined ? {} : { servername: name }) },
    greetingTimeout: greetingMsMax,
    socketTimeout: silenceMsMax,
    disableFileAccess: true,
    disableUrlAccess: true,
    getSocket: (
      _options: unknown,
      callback: (error: Error | null, found?: { connection: Socket }) => void,
    ) => {
      const fail = (error: Error) => callback(error);
      socket.once("error", fail);
      const ready = () => {
        socket.removeListener("error", fail);
        callback(null, { connection: socket });
      };
      if (socket.readyState === "open") ready();
      else socket.once("connect", ready);
    },
    ...(isGiven(config.hello) ? { name: config.hello } : {}),
    ...(auth === undefined ? {} : { auth }),
  });
  try {
    if (signal.aborted) throw new Error("no complete answer in time");
    const { threadId } = email;
    const { response } = await transport.sendMail({
      envelope: { from: email.from, to: email.to },
      from: email.shownFrom,
      to: email.shownTo,
      subject: email.subject,
      headers: email.headers,
      textEncoding: "quoted-printable",
      ...(email.text === "" ? {} : { text: email.text }),
      ...(email.html === "" ? {} : { html: email.html }),
      ...(email.chart === undefined ? {} : { attachments: [inline(email.chart)] }),
      ...(threadId === undefined ? {} : { inReplyTo: threadId, references: threadId }),
    });
    return response;
  } catch (cause) {
    throw failureOf(cause, signal);
  } finally {
    signal.removeEventListener("abort", stop);
    transport.close();
    socket.destroy();
  }
}

/** A picture that the HTML refers to: multipart/related (RFC 2387). */
function inline({ png }: ChartPicture) {
  return {
    filename: chartFileName,
    content: Buffer.from(png),
    contentType: "image/png",
    contentDisposition: "inline" as const,
    cid: chartCid,
  };
}

function addressOf(smarthost: string): [string, number] {
  const colon = smarthost.lastIndexOf(":");
  const host = smarthost.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return [host === "" ? "localhost" : host, Number(smarthost.slice(colon + 1))];
}

/** A password serves PLAIN and LOGIN, a secret CRAM-MD5. */
async function authOf(config: EmailConfig, secrets: SecretValues) {
  const { auth_username: user } = config;
  if (!isGiven(user) || user === undefined) return undefined;
  if (isGiven(config.auth_password) || isGiven(config.auth_password_file))
    return {
      user,
      pass: await secretValue(config.auth_password, config.auth_password_file, secrets),
    };
  const pass = await secretValue(config.auth_secret, config.auth_secret_file, secrets);
  return { user, pass, method: "CRAM-MD5" };
}

/** Codes of 5xx are final (RFC 5321 section 4.2.1); a server that asks for credentials says 530, 534 or 535. */
function failureOf(cause: unknown, signal: AbortSignal): SendFailure {
  const message = messageOf(cause);
  if (signal.aborted)
    return new SendFailure(
      "no complete answer in time",
      { reason: "contextDeadlineExceeded", isRetried: true },
      { cause },
    );
  const code =
    cause instanceof Error && "responseCode" in cause ? Number(cause.responseCode) : undefined;
  if (code === 530 || code === 534 || code === 535)
    return new SendFailure(message, { reason: "authError", isRetried: false }, { cause });
  if (code !== undefined && code >= 500)
    return new SendFailure(message, { reason: "clientError", isRetried: false }, { cause });
  const reason = code === undefined ? "other" : "serverError";
  return new SendFailure(message, { reason, isRetried: true }, { cause });
}
