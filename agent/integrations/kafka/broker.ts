import { OperatingError } from "#shared/errors.ts";
import { Conversation } from "../connections/conversation.ts";
import { passwordOf } from "../connections/credentials.ts";
import { ScramClient } from "../connections/scram.ts";
import { splitAddress } from "../connections/split_address.ts";
import { tlsOptionsOf } from "../connections/tls_files.ts";
import { type KafkaConfig, usualPort } from "./config.ts";
import { WireReader, WireWriter } from "./wire.ts";

/**
 * Requests by name: key, and the versions that we speak. These are of Kafka 0.11 (2017), and 4.x still knows them; KIP-896 says which ones it
 * forgot. Layouts: clients/src/main/resources/common/message of github.com/apache/kafka.
 */
const apis = {
  listOffsets: [2, 2, 2],
  metadata: [3, 1, 4],
  offsetFetch: [9, 3, 3],
  findCoordinator: [10, 1, 1],
  describeGroups: [15, 1, 1],
  listGroups: [16, 1, 1],
  saslHandshake: [17, 1, 1],
  apiVersions: [18, 0, 0],
  saslAuthenticate: [36, 0, 0],
} as const;
type Api = keyof typeof apis;

const answerBytesMax = 16 * 1_024 * 1_024;

/** A connection to one broker, logged in. */
export class Broker {
  readonly #talk: Conversation;
  /** Highest and lowest version by key; empty until the broker told. */
  readonly #versions = new Map<number, readonly [lowest: number, highest: number]>();
  #correlation = 0;

  static async open(address: string, config: KafkaConfig, signal: AbortSignal): Promise<Broker> {
    const tls = await tlsOptionsOf(config.tls);
    const talk = await Conversation.open(splitAddress(address, usualPort), signal, tls);
    const broker = new Broker(talk);
    try {
      await broker.#learnVersions();
      if (config.username !== undefined) await broker.#logIn(config, config.username);
      return broker;
    } catch (thrown) {
      broker.close();
      throw thrown;
    }
  }

  private constructor(talk: Conversation) {
    this.#talk = talk;
  }

  /** The version to use of an API; undefined where broker and we have none in common. */
  versionOf(api: Api): number | undefined {
    const [key, lowest, highest] = apis[api];
    const known = this.#versions.get(key);
    if (known === undefined) return undefined;
    const version = Math.min(highest, known[1]);
    return version >= Math.max(lowest, known[0]) ? version : undefined;
  }

  /** Asks and gives what follows the answer's head. */
  async ask(api: Api, body: WireWriter): Promise<WireReader> {
    const version = this.versionOf(api);
    if (version === undefined)
      throw new OperatingError("bad_request", `the broker has no ${api} of a version known here`);
    return this.#ask(apis[api][0], version, body);
  }

  close(): void {
    this.#talk.close();
  }

  async #ask(key: number, version: number, body: WireWriter): Promise<WireReader> {
    this.#correlation += 1;
    const request = new WireWriter()
      .int16(key)
      .int16(version)
      .int32(this.#correlation)
      .string("lapwing")
      .finish();
    const rest = body.finish();
    const size = new WireWriter().int32(request.length + rest.length).finish();
    this.#talk.send(Buffer.concat([size, request, rest]));
    const length = (await this.#talk.bytes(4)).readInt32BE();
    // 1,213,486,160 is "HTTP"; a TLS listener hangs up or sends an alert, which is no length either.
    if (length < 4 || length > answerBytesMax)
      throw new OperatingError("corrupt", `an answer announces ${length} bytes`);
    const answer = new WireReader(await this.#talk.bytes(length));
    if (answer.int32() !== this.#correlation)
      throw new OperatingError("corrupt", "an answer is to another request");
    return answer;
  }

  async #learnVersions(): Promise<void> {
    const answer = await this.#ask(apis.apiVersions[0], 0, new WireWriter());
    const code = answer.int16();
    if (code !== 0) throw new OperatingError("unavailable", `ApiVersions: error ${code}`);
    answer.list(() => {
      const key = answer.int16();
      this.#versions.set(key, [answer.int16(), answer.int16()]);
    });
  }

  async #logIn(config: KafkaConfig, username: string): Promise<void> {
    const mechanism = config.sasl_mechanism;
    const password = (await passwordOf(config)) ?? "";
    const answer = await this.ask("saslHandshake", new WireWriter().string(mechanism));
    if (answer.int16() !== 0) {
      const known: string[] = [];
      answer.list(() => known.push(answer.string()));
      throw new OperatingError(
        "bad_request",
        `the broker does not know ${mechanism}, but ${known.join(", ")}`,
      );
    }
    if (mechanism === "PLAIN") {
      await this.#authenticate(`\0${username}\0${password}`);
      return;
    }
    const hash = mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512";
    const scram = new ScramClient(hash, username, password);
    const serverFirst = await this.#authenticate(scram.first());
    scram.verify(await this.#authenticate(await scram.final(serverFirst)));
  }

  async #authenticate(message: string): Promise<string> {
    const answer = await this.ask("saslAuthenticate", new WireWriter().bytes(Buffer.from(message)));
    const code = answer.int16();
    const told = answer.string();
    if (code !== 0)
      throw new OperatingError("unavailable", `authentication failed: ${told || `error ${code}`}`);
    return answer.bytes().toString("utf8");
  }
}
