import type { WireReader } from "./wire.ts";

export type BrokerAddress = { readonly id: number; readonly address: string };

/** What a cluster tells of its partitions, in columns: one row a partition, in the order of the answer. */
export class Partitions {
  readonly brokers: BrokerAddress[] = [];
  readonly topics: string[] = [];
  /** Place in `topics`. */
  readonly topic: number[] = [];
  readonly index: number[] = [];
  /** -1 where it has none. */
  readonly leader: number[] = [];
  readonly replicas: number[] = [];
  readonly inSync: number[] = [];
  /** The first of its replicas. */
  readonly preferred: number[] = [];
  /** NaN until told. */
  newest: Float64Array = new Float64Array();
  oldest: Float64Array = new Float64Array();
  /** By topic: rows at their partitions' places. */
  readonly #rows = new Map<string, number[]>();

  /** Reads an answer of Metadata, version 1 to 4. Topics that are not wanted, or are being deleted, are left out. */
  static read(
    answer: WireReader,
    version: number,
    isWanted: (topic: string) => boolean,
  ): Partitions {
    const found = new Partitions();
    if (version >= 3) answer.int32();
    answer.list(() => {
      const id = answer.int32();
      const host = answer.string();
      const port = answer.int32();
      answer.string();
      found.brokers.push({ id, address: `${host.includes(":") ? `[${host}]` : host}:${port}` });
    });
    if (version >= 2) answer.string();
    answer.int32();
    answer.list(() => found.#readTopic(answer, isWanted));
    found.newest = new Float64Array(found.index.length).fill(Number.NaN);
    found.oldest = new Float64Array(found.index.length).fill(Number.NaN);
    return found;
  }

  /** The row of a partition; undefined where the cluster does not tell of it. */
  rowOf(topic: string, partition: number): number | undefined {
    return this.#rows.get(topic)?.[partition];
  }

  /** Rows that a broker leads, by topic. */
  ledBy(broker: number): Map<string, number[]> {
    const led = new Map<string, number[]>();
    for (const [row, leader] of this.leader.entries()) {
      if (leader !== broker) continue;
      const name = this.topics[this.topic[row] ?? 0] ?? "";
      const rows = led.get(name);
      if (rows === undefined) led.set(name, [row]);
      else rows.push(row);
    }
    return led;
  }

  #readTopic(answer: WireReader, isWanted: (topic: string) => boolean): void {
    const code = answer.int16();
    const name = answer.string();
    answer.int8();
    const isIn = code === 0 && isWanted(name);
    const rows: number[] = [];
    if (isIn) {
      this.topics.push(name);
      this.#rows.set(name, rows);
    }
    answer.list(() => {
      // A partition without a leader has an error, and is told of all the same.
      answer.int16();
      const index = answer.int32();
      const leader = answer.int32();
      let [replicas, preferred, inSync] = [0, -1, 0];
      answer.list(() => {
        const id = answer.int32();
        if (replicas === 0) preferred = id;
        replicas += 1;
      });
      answer.list(() => {
        answer.int32();
        inSync += 1;
      });
      if (!isIn) return;
      rows[index] = this.index.length;
      this.topic.push(this.topics.length - 1);
      this.index.push(index);
      this.leader.push(leader);
      this.replicas.push(replicas);
      this.inSync.push(inSync);
      this.preferred.push(preferred);
    });
  }
}
