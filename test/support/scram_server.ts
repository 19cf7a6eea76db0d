import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** The server's side of SCRAM (RFC 5802), for one exchange. Throws where the proof is not of the password. */
export class ScramServer {
  readonly #hash: "sha1" | "sha256" | "sha512";
  readonly #password: string;
  readonly #salt = randomBytes(16);
  readonly #iterations: number;
  #clientBare = "";
  #first = "";

  constructor(hash: "sha1" | "sha256" | "sha512", password: string, iterations = 4_096) {
    this.#hash = hash;
    this.#password = password;
    this.#iterations = iterations;
  }

  /** Who logs in, after first(). */
  get username(): string {
    return /^n=([^,]*)/.exec(this.#clientBare)?.[1] ?? "";
  }

  first(clientFirst: string): string {
    this.#clientBare = clientFirst.replace(/^n,,/, "");
    const nonce = /r=([^,]*)/.exec(this.#clientBare)?.[1] ?? "";
    const own = randomBytes(12).toString("hex");
    this.#first = `r=${nonce}${own},s=${this.#salt.toString("base64")},i=${this.#iterations}`;
    return this.#first;
  }

  final(clientFinal: string): string {
    const at = clientFinal.lastIndexOf(",p=");
    const message = `${this.#clientBare},${this.#first},${clientFinal.slice(0, at)}`;
    const length = { sha1: 20, sha256: 32, sha512: 64 }[this.#hash];
    const salted = pbkdf2Sync(this.#password, this.#salt, this.#iterations, length, this.#hash);
    const storedKey = this.#digest(this.#hmac(salted, "Client Key"));
    const signature = this.#hmac(storedKey, message);
    const proof = Buffer.from(clientFinal.slice(at + 3), "base64");
    const clientKey = Buffer.from(signature.map((byte, i) => byte ^ (proof[i] ?? 0)));
    if (!this.#digest(clientKey).equals(storedKey)) throw new Error("the proof is wrong");
    return `v=${this.#hmac(this.#hmac(salted, "Server Key"), message).toString("base64")}`;
  }

  #hmac(key: Buffer, message: string): Buffer {
    return createHmac(this.#hash, key).update(message).digest();
  }

  #digest(bytes: Buffer): Buffer {
    return createHash(this.#hash).update(bytes).digest();
  }
}
