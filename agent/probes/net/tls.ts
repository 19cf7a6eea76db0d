import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { type Socket, isIP } from "node:net";
import { type SecureContext, type TLSSocket, connect, createSecureContext } from "node:tls";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { pemOf, readFile } from "#shared/http/credentials.ts";
import type { Deadline } from "./deadline.ts";
import type { ProbeTls } from "./options.ts";

/** Where distributions keep the authorities that their administrators trust (crypto/x509/root_linux.go). */
const systemRoots = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
const versions = { TLS10: "TLSv1", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3" } as const;
/** Reading the system's authorities takes milliseconds, so contexts are kept, a few. */
const contextsMax = 16;
const contexts = new Map<string, SecureContext>();

export type TlsConnection = {
  readonly socket: TLSSocket;
  /** As the server sent and the authorities completed it, the server's own first. */
  readonly chain: readonly X509Certificate[];
  /** As node:tls names it: "TLSv1.3". */
  readonly protocol: string;
  /** By its name at IANA. */
  readonly cipher: string;
  /** Whether the chain was verified. */
  readonly isVerified: boolean;
};

/**
 * TLS over a connection. The certificate is verified for `name` unless insecure_skip_verify is set. Throws OperatingError. `alpn` are the protocols that
 * are offered.
 */
export async function startTls(
  raw: Socket,
  name: string,
  config: ProbeTls,
  deadline: Deadline,
  alpn: readonly string[] = [],
): Promise<TlsConnection> {
  const secureContext = await contextOf(config);
  const wanted = config.server_name ?? name;
  const socket = await handshake(raw, wanted, secureContext, alpn, deadline);
  const chain = chainOf(socket);
  if (!config.insecure_skip_verify) {
    const fault = verificationFault(socket, chain[0], wanted);
    if (fault !== undefined) {
      socket.destroy();
      throw new OperatingError("unavailable", `certificate: ${fault}`);
    }
  }
  return {
    socket,
    chain,
    protocol: socket.getProtocol() ?? "",
    cipher: socket.getCipher().standardName,
    isVerified: !config.insecure_skip_verify,
  };
}

function handshake(
  raw: Socket,
  name: string,
  secureContext: SecureContext,
  alpn: readonly string[],
  deadline: Deadline,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: raw,
      secureContext,
      ...(name === "" || isIP(name) !== 0 ? {} : { servername: name }),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
      // Looked at after the handshake, so that the reason is told in one way.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    const settle = (end: () => void) => {
      forget();
      socket.removeListener("secureConnect", connected);
      socket.removeListener("error", failed);
      socket.removeListener("close", closed);
      socket.on("error", () => {});
      end();
    };
    const fail = (message: string, cause?: unknown) =>
      settle(() => {
        socket.destroy();
        raw.destroy();
        reject(new OperatingError("unavailable", `TLS handshake: ${message}`, { cause }));
      });
    const connected = () => settle(() => resolve(socket));
    const failed = (thrown: unknown) => fail(messageOf(thrown), thrown);
    const closed = () => fail("the connection was closed");
    socket.once("secureConnect", connected);
    socket.once("error", failed);
    socket.once("close", closed);
    const forget = deadline.onEnd(() => fail(deadline.error.message));
  });
}

function verificationFault(
  socket: TLSSocket,
  leaf: X509Certificate | undefined,
  name: string,
): string | undefined {
  if (!socket.authorized) {
    const error: unknown = socket.authorizationError;
    return error === null || error === undefined ? "not verified" : messageOf(error);
  }
  if (leaf === undefined) return "the server sent none";
  const isFor =
    isIP(name) === 0
      ? leaf.checkHost(name, { subject: "never" }) !== undefined
      : leaf.checkIP(name) !== undefined;
  return isFor ? undefined : `is for ${leaf.subjectAltName ?? "nobody"}, not for ${name}`;
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let one = socket.getPeerCertificate(true);
  while (one?.raw !== undefined && chain.length < 20) {
    chain.push(new X509Certificate(one.raw));
    if (one.issuerCertificate === one) break;
    one = one.issuerCertificate;
  }
  return chain;
}

async function contextOf(config: ProbeTls): Promise<SecureContext> {
  const [ca, cert, key] = await Promise.all([
    pemOf(config.ca, config.ca_file),
    pemOf(config.cert, config.cert_file),
    pemOf(config.key, config.key_file),
  ]);
  const { min_version: min = "TLS12", max_version: max } = config;
  const known = Bun.hash(JSON.stringify([ca, cert, key, min, max])).toString(36);
  const kept = contexts.get(known);
  if (kept !== undefined) return kept;
  const roots = ca ?? (await systemAuthorities());
  let context: SecureContext;
  try {
    context = createSecureContext({
      ...(roots === undefined ? {} : { ca: roots }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      minVersion: versions[min],
      ...(max === undefined ? {} : { maxVersion: versions[max] }),
    });
  } catch (thrown) {
    throw new OperatingError("bad_request", `tls_config: ${messageOf(thrown)}`, { cause: thrown });
  }
  const [oldest] = contexts.keys();
  if (contexts.size >= contextsMax && oldest !== undefined) contexts.delete(oldest);
  contexts.set(known, context);
  return context;
}

/** Undefined where the system keeps none: then the runtime's own count. */
async function systemAuthorities(): Promise<string | undefined> {
  const named = process.env["SSL_CERT_FILE"];
  const file = named ?? systemRoots.find((path) => existsSync(path));
  return file === undefined ? undefined : await readFile(file);
}
