import { createHash } from "node:crypto";
import { OperatingError } from "#shared/errors.ts";
import { Conversation } from "../connections/conversation.ts";
import { passwordOf } from "../connections/credentials.ts";
import { ScramClient } from "../connections/scram.ts";
import { splitAddress } from "../connections/split_address.ts";
import { tlsOptionsOf } from "../connections/tls_files.ts";
import { type BsonDocument, type BsonInput, decodeBson, encodeBson } from "./bson.ts";
import { type MongodbConfig, usualPort } from "./config.ts";

const opMsg = 2_013;
/** The server's own limit on a message is 48 MB; what is asked here has some hundred kB. */
const messageBytesMax = 16 * 1_024 * 1_024;

/** The server refused a command; `code` of its own tells why. */
export class CommandError extends OperatingError {
  readonly serverCode: number;

  constructor(message: string, serverCode: number) {
    super("unavailable", message);
    this.serverCode = serverCode;
  }
}

/**
 * A connection to one server by OP_MSG (MongoDB 3.6 and later), logged in and kept. It ends with the tick that it does not answer in; `isOpen`
 * then says so.
 */
export class MongoConnection {
  readonly #talk: Conversation;
  readonly #life: AbortController;
  #requestId = 0;

  /** What the server told of itself. */
  hello: BsonDocument = {};

  static async open(config: MongodbConfig, signal: AbortSignal): Promise<MongoConnection> {
    const life = new AbortController();
    const end = () => life.abort();
    signal.addEventListener("abort", end, { once: true });
    try {
      const tls = await tlsOptionsOf(config.tls);
      const address = splitAddress(config.address, usualPort);
      const talk = await Conversation.open(address, life.signal, tls);
      const connection = new MongoConnection(talk, life);
      try {
        await connection.#greet(config);
        if (config.username !== undefined) await connection.#logIn(config, config.username);
        return connection;
      } catch (thrown) {
        connection.close();
        throw thrown;
      }
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  private constructor(talk: Conversation, life: AbortController) {
    this.#talk = talk;
    this.#life = life;
  }

  /** Runs what is asked within one tick; when its time is over, the connection is. */
  async during<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    const end = () => this.#life.abort();
    signal.addEventListener("abort", end, { once: true });
    try {
      return await ask();
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  /** Throws CommandError where the server refuses, OperatingError where the connection is at fault. */
  async command(
    database: string,
    command: { readonly [key: string]: BsonInput },
  ): Promise<BsonDocument> {
    this.#requestId += 1;
    const body = encodeBson({
      ...command,
      $db: database,
      // A secondary is asked for its own numbers.
      $readPreference: { mode: "primaryPreferred" },
    });
    const head = Buffer.alloc(21);
    head.writeInt32LE(head.length + body.length, 0);
    head.writeInt32LE(this.#requestId, 4);
    head.writeInt32LE(opMsg, 12);
    this.#talk.send(Buffer.concat([head, body]));
    const answer = await this.#answer();
    if (answer["ok"] === 1) return answer;
    const [name = ""] = Object.keys(command);
    const told = typeof answer["errmsg"] === "string" ? answer["errmsg"] : "no reason given";
    const code = typeof answer["code"] === "number" ? answer["code"] : 0;
    throw new CommandError(`${name}: ${told}`, code);
  }

  close(): void {
    this.#talk.close();
  }

  async #answer(): Promise<BsonDocument> {
    const head = await this.#talk.bytes(16);
    const length = head.readInt32LE(0);
    if (length < 26 || length > messageBytesMax || head.readInt32LE(12) !== opMsg)
      throw new OperatingError("corrupt", "the answer is not of MongoDB's protocol (OP_MSG)");
    if (head.readInt32LE(8) !== this.#requestId)
      throw new OperatingError("corrupt", "the answer is to another request");
    const rest = await this.#talk.bytes(length - 16);
    // Four bytes of flags, one for the kind of section: a single document.
    if (rest[4] !== 0) throw new OperatingError("corrupt", "the answer has no document");
    return decodeBson(rest.subarray(5));
  }

  async #greet(config: MongodbConfig): Promise<void> {
    const user =
      config.username === undefined
        ? {}
        : { saslSupportedMechs: `${config.auth_source}.${config.username}` };
    const client = {
      application: { name: "lapwing" },
      driver: { name: "lapwing", version: "1" },
      os: { type: "Linux" },
    };
    try {
      this.hello = await this.command("admin", { hello: 1, ...user, client });
    } catch (thrown) {
      // Those before 4.4.2 know it under its old name.
      if (!(thrown instanceof CommandError) || thrown.serverCode !== 59) throw thrown;
      this.hello = await this.command("admin", { isMaster: 1, ...user, client });
    }
  }

  async #logIn(config: MongodbConfig, username: string): Promise<void> {
    const known = this.hello["saslSupportedMechs"];
    const isOld = Array.isArray(known) && !known.includes("SCRAM-SHA-256");
    const password = (await passwordOf(config)) ?? "";
    // As old servers keep it.
    const digest = () => createHash("md5").update(`${username}:mongo:${password}`).digest("hex");
    const scram = isOld
      ? new ScramClient("sha1", username, digest())
      : new ScramClient("sha256", username, password);
    const start = await this.command(config.auth_source, {
      saslStart: 1,
      mechanism: isOld ? "SCRAM-SHA-1" : "SCRAM-SHA-256",
      payload: Buffer.from(scram.first()),
      options: { skipEmptyExchange: true },
    });
    const proof = await scram.final(payloadOf(start));
    let answer = await this.#continue(config, start, proof);
    scram.verify(payloadOf(answer));
    // Servers before 4.4 want an empty message more.
    if (answer["done"] !== true) answer = await this.#continue(config, start, "");
    if (answer["done"] !== true)
      throw new OperatingError("unavailable", "the server does not end the login");
  }

  #continue(config: MongodbConfig, start: BsonDocument, text: string): Promise<BsonDocument> {
    const conversationId = start["conversationId"];
    return this.command(config.auth_source, {
      saslContinue: 1,
      conversationId: typeof conversationId === "number" ? conversationId : 1,
      payload: Buffer.from(text),
    });
  }
}

function payloadOf(answer: BsonDocument): string {
  const payload = answer["payload"];
  return payload instanceof Uint8Array ? Buffer.from(payload).toString("utf8") : "";
}
