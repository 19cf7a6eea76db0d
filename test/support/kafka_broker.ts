import { type Server, type Socket, createServer } from "node:net";
import { WireReader, WireWriter } from "#agent/integrations/kafka/wire.ts";
import { ScramServer } from "./scram_server.ts";

/** A consumer group: members by the partitions that they hold, and what it committed. */
type Group = {
  readonly members: number;
  readonly state?: string;
  readonly committed: readonly (readonly [topic: string, partition: number, offset: number])[];
};

export type KafkaState = {
  /** By topic: newest offset of each partition; a missing one has no leader. */
  readonly topics: Readonly<Record<string, readonly (number | undefined)[]>>;
  readonly groups: Readonly<Record<string, Group>>;
  /** Whoever connects has to log in, by PLAIN or SCRAM-SHA-512. */
  readonly login?: { readonly username: string; readonly password: string };
  readonly mayListGroups?: boolean;
};

/**
 * The only broker of a cluster, as far as watching it goes: versions of 0.11 that 4.x still knows, by the schemas in
 * clients/src/main/resources/common/message of github.com/apache/kafka. It holds no messages. That it speaks the protocol is shown by another
 * client's working with it.
 */
export class KafkaBroker {
  readonly #server: Server;
  #port = 0;

  static async start(state: KafkaState): Promise<KafkaBroker> {
    const broker = new KafkaBroker(state);
    await new Promise<void>((done) => broker.#server.listen(0, "127.0.0.1", done));
    const address = broker.#server.address();
    if (typeof address === "object" && address !== null) broker.#port = address.port;
    return broker;
  }

  private constructor(state: KafkaState) {
    this.#server = createServer((socket) => new Session(socket, state, () => this.#port));
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async stop(): Promise<void> {
    await new Promise((done) => {
      this.#server.close(done);
    });
  }
}

const notAuthorized = 31;

class Session {
  readonly #socket: Socket;
  readonly #state: KafkaState;
  readonly #port: () => number;
  #held = Buffer.alloc(0);
  #mechanism = "";
  #scram: ScramServer | undefined;
  #isIn: boolean;

  constructor(socket: Socket, state: KafkaState, port: () => number) {
    this.#socket = socket;
    this.#state = state;
    this.#port = port;
    this.#isIn = state.login === undefined;
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => {
      this.#held = Buffer.concat([this.#held, bytes]);
      while (this.#held.length >= 4 && this.#held.length >= 4 + this.#held.readInt32BE()) {
        const length = this.#held.readInt32BE();
        const request = new WireReader(this.#held.subarray(4, 4 + length));
        this.#held = this.#held.subarray(4 + length);
        this.#answer(request);
      }
    });
  }

  #answer(request: WireReader): void {
    const key = request.int16();
    const version = request.int16();
    const correlation = request.int32();
    request.string();
    const answer = new WireWriter();
    // A broker hangs up on whoever asks for more before a login.
    if (!this.#isIn && ![17, 18, 36].includes(key)) this.#socket.destroy();
    else if (key === 18) this.#versions(answer, version);
    else if (key === 17) this.#handshake(request, answer);
    else if (key === 36) this.#authenticate(request, answer);
    else if (key === 3) this.#metadata(request, answer);
    else if (key === 2) this.#listOffsets(request, answer);
    else if (key === 10)
      answer.int32(0).int16(0).string("").int32(1).string("127.0.0.1").int32(this.#port());
    else if (key === 16) this.#listGroups(answer);
    else if (key === 15) this.#describeGroups(request, answer);
    else if (key === 9) this.#fetchOffsets(request, answer);
    const body = Buffer.concat([new WireWriter().int32(correlation).finish(), answer.finish()]);
    this.#socket.write(Buffer.concat([new WireWriter().int32(body.length).finish(), body]));
  }

  #versions(answer: WireWriter, version: number): void {
    // Unsupported version, as brokers say it: in the layout of version 0.
    answer.int16(version === 0 ? 0 : 35);
    const known = [
      [2, 1, 2],
      [3, 0, 4],
      [9, 1, 3],
      [10, 0, 1],
      [15, 0, 1],
      [16, 0, 1],
      [17, 0, 1],
      [18, 0, 0],
      [36, 0, 0],
    ] as const;
    answer.list(known, ([key, lowest, highest]) => {
      answer.int16(key).int16(lowest).int16(highest);
    });
  }

  #handshake(request: WireReader, answer: WireWriter): void {
    this.#mechanism = request.string();
    const known = ["PLAIN", "SCRAM-SHA-512"];
    answer.int16(known.includes(this.#mechanism) ? 0 : 33);
    answer.list(known, (name) => void answer.string(name));
  }

  #authenticate(request: WireReader, answer: WireWriter): void {
    const message = request.bytes().toString("utf8");
    const { username = "", password = "" } = this.#state.login ?? {};
    const refuse = () =>
      answer.int16(58).string("Authentication failed: Invalid credentials").bytes(Buffer.alloc(0));
    const accept = (text: string) => answer.int16(0).string("").bytes(Buffer.from(text));
    if (this.#mechanism === "PLAIN") {
      this.#isIn = message === `\0${username}\0${password}`;
      void (this.#isIn ? accept("") : refuse());
    } else if (this.#scram === undefined) {
      this.#scram = new ScramServer("sha512", password);
      accept(this.#scram.first(message));
    } else
      try {
        const told = this.#scram.final(message);
        if (this.#scram.username !== username) throw new Error("another user");
        accept(told);
        this.#isIn = true;
      } catch {
        refuse();
      }
  }

  #metadata(request: WireReader, answer: WireWriter): void {
    const only = new Set<string>();
    request.list(() => only.add(request.string()));
    answer.int32(0);
    answer.list([1], (id) => {
      answer.int32(id).string("127.0.0.1").int32(this.#port()).string("");
    });
    answer.string("cluster").int32(1);
    const topics = Object.entries(this.#state.topics).filter(
      ([name]) => only.size === 0 || only.has(name),
    );
    answer.list(topics, ([name, partitions]) => {
      answer.int16(0).string(name).int8(0);
      answer.list([...partitions.entries()], ([index, newest]) => {
        const hasLeader = newest !== undefined;
        answer
          .int16(hasLeader ? 0 : 5)
          .int32(index)
          .int32(hasLeader ? 1 : -1);
        answer.list([1, 2], (id) => void answer.int32(id));
        answer.list(hasLeader ? [1] : [], (id) => void answer.int32(id));
      });
    });
  }

  #listOffsets(request: WireReader, answer: WireWriter): void {
    request.int32();
    request.int8();
    const asked: { topic: string; partitions: { index: number; time: number }[] }[] = [];
    request.list(() => {
      const one = { topic: request.string(), partitions: [] as { index: number; time: number }[] };
      request.list(() => one.partitions.push({ index: request.int32(), time: request.int64() }));
      asked.push(one);
    });
    answer.int32(0);
    answer.list(asked, ({ topic, partitions }) => {
      answer.string(topic).list(partitions, ({ index, time }) => {
        const newest = this.#state.topics[topic]?.[index];
        const offset = time === -2 ? 2 : (newest ?? -1);
        answer
          .int32(index)
          .int16(newest === undefined ? 6 : 0)
          .int64(-1n)
          .int64(BigInt(offset));
      });
    });
  }

  #listGroups(answer: WireWriter): void {
    const isAllowed = this.#state.mayListGroups ?? true;
    answer.int32(0).int16(isAllowed ? 0 : notAuthorized);
    answer.list(isAllowed ? Object.keys(this.#state.groups) : [], (name) => {
      answer.string(name).string("consumer");
    });
  }

  #describeGroups(request: WireReader, answer: WireWriter): void {
    const names: string[] = [];
    request.list(() => names.push(request.string()));
    answer.int32(0);
    answer.list(names, (name) => {
      const { members = 0, state = "Stable" } = this.#state.groups[name] ?? {};
      answer.int16(0).string(name).string(state).string("consumer").string("range");
      answer.list(
        Array.from({ length: members }, (_, i) => `m${i}`),
        (id) => {
          answer.string(id).string("client").string("/127.0.0.1");
          answer.bytes(Buffer.alloc(3)).bytes(Buffer.alloc(5));
        },
      );
    });
  }

  #fetchOffsets(request: WireReader, answer: WireWriter): void {
    const group = this.#state.groups[request.string()];
    const topics = new Map<string, [partition: number, offset: number][]>();
    for (const [topic, partition, offset] of group?.committed ?? []) {
      const rows = topics.get(topic) ?? [];
      topics.set(topic, rows);
      rows.push([partition, offset]);
    }
    answer.int32(0);
    answer.list([...topics], ([topic, rows]) => {
      answer.string(topic).list(rows, ([partition, offset]) => {
        answer.int32(partition).int64(BigInt(offset)).string("").int16(0);
      });
    });
    answer.int16(0);
  }
}
