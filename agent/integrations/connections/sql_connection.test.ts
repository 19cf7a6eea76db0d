import { expect, test } from "bun:test";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { messageOf } from "#shared/errors.ts";
import { SqlConnection } from "./sql_connection.ts";

/** A message of PostgreSQL's protocol 3.0 (PostgreSQL's manual, "Message Formats"): its kind, and the length, which counts itself. */
function postgresMessage(kind: string, body: Uint8Array, length = body.length): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind, 0, "latin1");
  head.writeUInt32BE(length + 4, 1);
  return Buffer.concat([head, body]);
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const empty = Buffer.alloc(0);

const authenticated = postgresMessage("R", Buffer.alloc(4));
const letIn = Buffer.concat([authenticated, postgresMessage("Z", Buffer.from("I"))]);
/** One column "a" of type text. */
const columns = postgresMessage("T", hex("0001 6100 00000000 0000 00000019 ffff ffffffff 0000"));
const row = postgresMessage("D", hex("0001 00000001 41"));
const notice = postgresMessage("N", Buffer.from("SNOTICE\0C00000\0Mhello\0\0"));
const status = postgresMessage("S", Buffer.from("name\0value\0"));
/** The head of a row of 2 GiB. */
const endlessRow = postgresMessage("D", empty, 0x7ffffff0);

type Script = {
  /** Answers to what is heard first, second ... */
  readonly answers: readonly Buffer[];
  /** Comes again and again after the last answer. */
  readonly flood: Buffer;
};

/** A server that does not stop. */
async function startFlooding({ answers, flood }: Script) {
  const sockets = new Set<Socket>();
  const many = Buffer.concat(Array.from({ length: 1_000 }, () => flood));
  let sentBytes = 0;
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    const go = (): void => {
      do sentBytes += many.length;
      while (!socket.destroyed && socket.write(many));
    };
    let heard = 0;
    socket.on("data", () => {
      const answer = answers[heard++];
      if (answer === undefined) return;
      socket.write(answer);
      if (heard < answers.length) return;
      socket.on("drain", go);
      go();
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const at: AddressInfo | string | null = server.address();
  return {
    port: typeof at === "object" ? (at?.port ?? 0) : 0,
    sentBytes: () => sentBytes,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const scripts: Readonly<Record<string, Script>> = {
  "rows of PostgreSQL": { answers: [letIn, columns], flood: row },
  "one row of PostgreSQL": {
    answers: [letIn, Buffer.concat([columns, endlessRow])],
    flood: Buffer.alloc(100),
  },
  "notices before the login": { answers: [empty], flood: notice },
  "settings after the login": { answers: [authenticated], flood: status },
};

for (const [name, script] of Object.entries(scripts))
  test(`SqlConnection cuts ${name} without an end after 8 MiB`, async () => {
    using server = await startFlooding(script);
    const account = { username: "watcher", password: "geheim", database: "postgres" };
    const options = { ...account, adapter: "postgres" as const, tls: undefined, timeoutMs: 60_000 };
    const connection = new SqlConnection(
      { host: "127.0.0.1", port: server.port },
      async () => options,
      () => false,
    );
    const signal = AbortSignal.timeout(20_000);
    const thrown = await connection.rows("SELECT 1", signal).catch(messageOf);
    expect(thrown).toBe("an answer of more than 8 MiB");
    // What the kernel holds on both sides comes on top.
    expect(server.sentBytes()).toBeLessThan(64 * 1_024 ** 2);
    await connection.close();
  });
