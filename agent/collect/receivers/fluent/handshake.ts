import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { encode } from "@msgpack/msgpack";
import { textOf } from "./forward_message.ts";

/** Who may send, and how the server calls itself. */
export type Credentials = {
  readonly sharedKey: string;
  /** Passwords by user; empty: the shared key is enough. */
  readonly users: ReadonlyMap<string, string>;
  readonly hostname: string;
};

export type Ping = {
  readonly isWelcome: boolean;
  readonly reason: string;
  readonly pong: Uint8Array;
};

/**
 * The server's side of the Forward protocol's handshake: HELO, then the answer to PING. Nonce and salt are random bytes in
 * base64: any text will do, and no client's encoding can damage this one.
 */
export class Handshake {
  readonly #credentials: Credentials;
  readonly #nonce = randomBytes(16).toString("base64");
  readonly #salt: string;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
    this.#salt = credentials.users.size === 0 ? "" : randomBytes(16).toString("base64");
  }

  helo(): Uint8Array {
    // Bytes, as Fluentd sends it: fluent-logger of npm gives no password where it is a text.
    const auth = this.#salt === "" ? "" : Buffer.from(this.#salt);
    return encode(["HELO", { nonce: this.#nonce, auth, keepalive: true }]);
  }

  /** Checks a decoded PING, whose texts may be bytes: [ "PING", host, salt, digest, user, password's digest ]. */
  answer(message: unknown): Ping {
    const parts: unknown[] = Array.isArray(message) ? message : [];
    const [name, host, salt, digest, user, password] = parts;
    const { sharedKey, hostname } = this.#credentials;
    const [saltBytes, hostBytes] = [bytesOf(salt), bytesOf(host)];
    const isKnown =
      textOf(name) === "PING" &&
      isSame(textOf(digest), sha512(saltBytes, hostBytes, this.#nonce, sharedKey));
    const isWelcome = isKnown && this.#isUser(user, password);
    let reason = "";
    if (!isKnown) reason = "shared_key mismatch";
    else if (!isWelcome) reason = "username/password mismatch";
    const own = isWelcome ? sha512(saltBytes, hostname, this.#nonce, sharedKey) : "";
    return { isWelcome, reason, pong: encode(["PONG", isWelcome, reason, hostname, own]) };
  }

  #isUser(user: unknown, digest: unknown): boolean {
    const { users } = this.#credentials;
    if (users.size === 0) return true;
    const known = users.get(textOf(user));
    const expected = sha512(this.#salt, bytesOf(user), known ?? randomBytes(16));
    return isSame(textOf(digest), expected) && known !== undefined;
  }
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(textOf(value));
}

function sha512(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given.toLowerCase()), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
