import { createHash } from "node:crypto";
import { type Server, type Socket, createServer } from "node:net";
import { BSON, Binary, type Document, Int32 } from "mongodb";
import { ScramServer } from "./scram_server.ts";

const { deserialize, serialize } = BSON;

export type MongodState = {
  /** What a command is answered with, by its name; a function is given the command. */
  readonly answers: Readonly<Record<string, Document | ((command: Document) => Document)>>;
  /** Whoever connects has to log in; old servers know SCRAM-SHA-1 alone. */
  readonly login?: {
    readonly username: string;
    readonly password: string;
    readonly isOld?: boolean;
  };
};

/**
 * Answers as one MongoDB server, with documents that tests give it: OP_MSG, hello and SCRAM are real, and BSON is the codec of MongoDB's own
 * driver, which works with it, too.
 */
export class Mongod {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  /** Connections ever accepted. */
  connections = 0;

  static async start(state: MongodState): Promise<Mongod> {
    const mongod = new Mongod(state);
    await new Promise<void>((done) => mongod.#server.listen(0, "127.0.0.1", done));
    const address = mongod.#server.address();
    if (typeof address === "object" && address !== null) mongod.#port = address.port;
    return mongod;
  }

  private constructor(state: MongodState) {
    this.#server = createServer((socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      serve(socket, state);
    });
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** As a server that is started anew does. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async stop(): Promise<void> {
    this.hangUp();
    await new Promise((done) => {
      this.#server.close(done);
    });
  }
}

function serve(socket: Socket, state: MongodState): void {
  let held = Buffer.alloc(0);
  const session = { isIn: state.login === undefined, scram: undefined as ScramServer | undefined };
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    while (held.length >= 16 && held.length >= held.readInt32LE(0)) {
      const message = held.subarray(0, held.readInt32LE(0));
      held = held.subarray(message.length);
      const command = deserialize(message.subarray(21), { promoteBuffers: true });
      const body = serialize(answerTo(command, state, session));
      const head = Buffer.alloc(21);
      head.writeInt32LE(21 + body.length, 0);
      head.writeInt32LE(message.readInt32LE(4), 8);
      head.writeInt32LE(2_013, 12);
      socket.write(Buffer.concat([head, body]));
    }
  });
}

function answerTo(
  command: Document,
  { answers, login }: MongodState,
  session: { isIn: boolean; scram: ScramServer | undefined },
): Document {
  const [name = ""] = Object.keys(command);
  if (name === "hello") return hello(login);
  if (name === "saslStart" || name === "saslContinue") return authenticate(command, login, session);
  if (!session.isIn) return refusal(13, "Unauthorized", `Command ${name} requires authentication`);
  const answer = answers[name];
  if (answer !== undefined) return typeof answer === "function" ? answer(command) : answer;
  if (name === "ping" || name === "endSessions") return { ok: 1 };
  return refusal(59, "CommandNotFound", `no such command: '${name}'`);
}

function refusal(code: number, codeName: string, errmsg: string): Document {
  return { ok: 0, errmsg, code: new Int32(code), codeName };
}

function hello(login: MongodState["login"]): Document {
  return {
    isWritablePrimary: true,
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    minWireVersion: 0,
    maxWireVersion: 21,
    readOnly: false,
    ...(login === undefined
      ? {}
      : {
          saslSupportedMechs:
            login.isOld === true ? ["SCRAM-SHA-1"] : ["SCRAM-SHA-1", "SCRAM-SHA-256"],
        }),
    ok: 1,
  };
}

function authenticate(
  command: Document,
  login: MongodState["login"],
  session: { isIn: boolean; scram: ScramServer | undefined },
): Document {
  const failed = refusal(18, "AuthenticationFailed", "Authentication failed.");
  const text = Buffer.from(command["payload"]).toString("utf8");
  if (login === undefined) return failed;
  if ("saslStart" in command) {
    const { username, password } = login;
    const isSha1 = command["mechanism"] === "SCRAM-SHA-1";
    if (login.isOld === true && !isSha1)
      return refusal(334, "MechanismUnavailable", "Mechanism is not known");
    const digest = createHash("md5").update(`${username}:mongo:${password}`).digest("hex");
    session.scram = new ScramServer(isSha1 ? "sha1" : "sha256", isSha1 ? digest : password);
    return saslAnswer(session.scram.first(text), false);
  }
  if (session.isIn) return saslAnswer("", true);
  try {
    const told = session.scram?.final(text) ?? "";
    if (session.scram?.username !== login.username) return failed;
    session.isIn = true;
    // Old ones want an empty message more.
    return saslAnswer(told, login.isOld !== true);
  } catch {
    return failed;
  }
}

function saslAnswer(payload: string, done: boolean): Document {
  return {
    conversationId: new Int32(1),
    payload: new Binary(Buffer.from(payload)),
    done,
    ok: 1,
  };
}
