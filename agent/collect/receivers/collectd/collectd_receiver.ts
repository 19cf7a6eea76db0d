import type { DatagramReader } from "../transport/adopted_datagrams.ts";
import { ByteAliases } from "../records/byte_aliases.ts";
import { startFloodServer } from "../transport/datagram_server.ts";
import { noRoom } from "../samples/pushed_series.ts";
import type { OpenedReceiver, ReceiverContext } from "../receiver.ts";
import { SampleQueue } from "../samples/sample_queue.ts";
import type { CollectdConfig } from "./config.ts";
import { nameValue } from "./naming.ts";
import { PacketReader, type ValueList, valueKinds } from "./packet_reader.ts";
import { type TypesDb, readTypesDb } from "./types_db.ts";

/** Series by collectd's names: of each list the columns of its values. */
class KnownLists {
  readonly aliases = new ByteAliases();
  readonly columns: Int32Array[] = [];

  get size(): number {
    return this.columns.length;
  }

  clear(): void {
    this.aliases.clear();
    this.columns.length = 0;
  }
}

/** collectd's network protocol over UDP, plain, signed and encrypted. */
export class CollectdReceiver implements Omit<OpenedReceiver, "routes"> {
  readonly #config: CollectdConfig;
  readonly #context: ReceiverContext;
  readonly #queue: SampleQueue;
  readonly #known = new KnownLists();
  readonly #reader: PacketReader;
  #types: TypesDb = new Map();
  #datagrams: DatagramReader | undefined;

  constructor(config: CollectdConfig, context: ReceiverContext) {
    this.#config = config;
    this.#context = context;
    const { series_max: seriesMax, series_idle: idleMs, users } = config;
    this.#queue = new SampleQueue(context, { seriesMax, idleMs });
    this.#queue.series.lend(this.#known);
    const passwords = new Map(users.map(({ username, password }) => [username, password]));
    this.#reader = new PacketReader(config.security_level, passwords, {
      take: (list) => this.#take(list),
      fault: (fault) => {
        if (fault === "credentials") context.refusedConnection("credentials");
        this.#queue.refuse("invalid_sample", 1);
      },
      notification: () => context.notStored("other_signal", 1),
    });
  }

  async start(): Promise<void> {
    this.#types = await readTypesDb(this.#config.types_db);
    const server = await startFloodServer(
      this.#config.udp_listen,
      (bytes, start, end) => this.#takePacket(bytes.subarray(start, end)),
      (datagrams) => this.#queue.refuse("rate_limit", datagrams),
    );
    this.#datagrams = server;
    this.#context.log.info("collectd's protocol is taken", { port: server.port });
  }

  async stop(): Promise<void> {
    this.#datagrams?.stop();
    await this.#queue.written();
  }

  #takePacket(packet: Buffer): void {
    if (this.#queue.isFull) return this.#queue.refuse("rate_limit", 1);
    this.#queue.begin();
    this.#reader.read(packet);
  }

  #take(list: ValueList): void {
    const { identity, bytes, kindsStart, numbersStart, count, timestampMs } = list;
    const at = this.#known.aliases.get(identity, 0, identity.length);
    let columns = at === undefined ? undefined : this.#known.columns[at];
    if (columns?.length !== count) columns = this.#meet(list);
    if (columns === undefined) return;
    for (let i = 0; i < count; i++) {
      const column = columns[i] ?? noRoom;
      if (column === noRoom) {
        this.#queue.refuse("series_limit", 1);
        continue;
      }
      const value = numberOf(bytes, bytes[kindsStart + i] ?? 0, numbersStart + 8 * i);
      if (!this.#queue.push(column, timestampMs, value)) this.#queue.begin();
    }
  }

  /** The columns of a list that is met for the first time; undefined where it is refused, and counted. */
  #meet({ identity, bytes, kindsStart, count }: ValueList): Int32Array | undefined {
    const { series } = this.#queue;
    const columns = new Int32Array(count);
    const naming = { types: this.#types, common: this.#config.labels };
    for (let i = 0; i < count; i++) {
      const kind = bytes[kindsStart + i] ?? 0;
      const named =
        kind > valueKinds.absolute ? undefined : nameValue(identity, kind, i, count, naming);
      if (named === undefined) {
        this.#queue.refuse("invalid_sample", count);
        return undefined;
      }
      columns[i] = series.columnOf(named.labels);
      if (columns[i] !== noRoom) series.describe(named.family);
    }
    if (columns.includes(noRoom)) return columns;
    this.#known.aliases.set(identity, 0, identity.length, this.#known.columns.push(columns) - 1);
    return columns;
  }
}

/** Gauges are little endian, and the others big. */
function numberOf(bytes: Buffer, kind: number, at: number): number {
  if (kind === valueKinds.gauge) return bytes.readDoubleLE(at);
  if (kind === valueKinds.derive) return Number(bytes.readBigInt64BE(at));
  return Number(bytes.readBigUInt64BE(at));
}
