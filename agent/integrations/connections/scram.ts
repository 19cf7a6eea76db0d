import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { OperatingError } from "#shared/errors.ts";

const derive = promisify(pbkdf2);
/** A server that wants more would take the agent's CPU; the usual is 4,096 to 15,000. */
const iterationsMax = 1_000_000;

/**
 * The client's side of SCRAM (RFC 5802, RFC 7677), which shows a server that the password is known without telling it, and sees that the
 * server knows it, too: first(), then final() with the server's first message, then verify() with its last.
 */
export class ScramClient {
  readonly #hash: "sha1" | "sha256" | "sha512";
  readonly #password: string;
  readonly #firstBare: string;
  readonly #nonce: string;
  #signature: Buffer | undefined;

  /** `nonce` is given by tests alone. */
  constructor(
    hash: "sha1" | "sha256" | "sha512",
    username: string,
    password: string,
    nonce = randomBytes(24).toString("base64"),
  ) {
    this.#hash = hash;
    this.#password = password;
    this.#nonce = nonce;
    const escaped = username.replaceAll("=", "=3D").replaceAll(",", "=2C");
    this.#firstBare = `n=${escaped},r=${nonce}`;
  }

  first(): string {
    return `n,,${this.#firstBare}`;
  }

  /** Throws where the server's message is not of the form, or belongs to another exchange. */
  async final(serverFirst: string): Promise<string> {
    const fields = fieldsOf(serverFirst);
    const nonce = fields.get("r") ?? "";
    const salt = fields.get("s");
    const iterations = Number(fields.get("i"));
    if (!nonce.startsWith(this.#nonce) || salt === undefined || !(iterations >= 1))
      throw new OperatingError("corrupt", "SCRAM: the server's first message is not of the form");
    if (iterations > iterationsMax)
      throw new OperatingError("overloaded", `SCRAM: the server wants ${iterations} iterations`);
    const length = { sha1: 20, sha256: 32, sha512: 64 }[this.#hash];
    const salted = await derive(
      this.#password.normalize("NFKC"),
      Buffer.from(salt, "base64"),
      iterations,
      length,
      this.#hash,
    );
    const clientKey = this.#hmac(salted, "Client Key");
    const storedKey = createHash(this.#hash).update(clientKey).digest();
    const bare = `c=biws,r=${nonce}`;
    const message = `${this.#firstBare},${serverFirst},${bare}`;
    const signature = this.#hmac(storedKey, message);
    const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)));
    this.#signature = this.#hmac(this.#hmac(salted, "Server Key"), message);
    return `${bare},p=${proof.toString("base64")}`;
  }

  /** Throws where the server refused the password, or does not know it itself. */
  verify(serverFinal: string): void {
    const fields = fieldsOf(serverFinal);
    const refusal = fields.get("e");
    if (refusal !== undefined) throw new OperatingError("unavailable", `SCRAM: ${refusal}`);
    const given = Buffer.from(fields.get("v") ?? "", "base64");
    const own = this.#signature;
    if (own === undefined || given.length !== own.length || !timingSafeEqual(given, own))
      throw new OperatingError("corrupt", "SCRAM: the server does not know the password itself");
  }

  #hmac(key: Buffer, message: string): Buffer {
    return createHmac(this.#hash, key).update(message).digest();
  }
}

/** "r=...,s=...,i=4096" */
function fieldsOf(message: string): Map<string, string> {
  return new Map(message.split(",").map((field) => [field.slice(0, 1), field.slice(2)] as const));
}
