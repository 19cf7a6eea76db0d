import type { JetStreamManager, StreamInfo } from "nats";
import { DiscardPolicy, NatsError, RetentionPolicy, StorageType, nanos } from "nats";
import { z } from "zod";
import { streamName, streamSubjects } from "#proto/bus/subjects.ts";
import type { Signal } from "#shared/signals.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";

/** How much the streams keep. They carry, they don't store: what they let go, the agents' spools still have. */
export const StreamsConfig = z.strictObject({
  /** Far longer than a flush takes. */
  max_age: duration.prefault("2h"),
  /** Bound of each stream; the server sets so much disk aside for it. */
  max_bytes: byteSize.prefault("1GiB"),
  /** Copies in a NATS cluster. */
  replicas: z.number().int().min(1).max(5).default(1),
});
export type StreamsConfig = z.output<typeof StreamsConfig>;

export type StreamState = {
  /** Changes when the stream was made again: its time of creation, to the nanosecond. */
  readonly incarnation: string;
  readonly lastSequence: number;
};

/** Creates the stream of a signal, or brings its limits to what is configured. Throws NatsError. */
export async function ensureStream(
  manager: JetStreamManager,
  signal: Signal,
  config: StreamsConfig,
): Promise<StreamState> {
  const name = streamName(signal);
  const wanted = {
    subjects: [streamSubjects(signal)],
    max_age: nanos(config.max_age),
    max_bytes: config.max_bytes,
    discard: DiscardPolicy.Old,
    num_replicas: config.replicas,
  };
  const found = await findStream(manager, name);
  if (found === undefined) {
    const created = await manager.streams.add({
      ...wanted,
      name,
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
    });
    return stateOf(created);
  }
  const { config: has } = found;
  const isAsWanted =
    has.max_age === wanted.max_age &&
    has.max_bytes === wanted.max_bytes &&
    has.discard === wanted.discard &&
    has.num_replicas === wanted.num_replicas &&
    has.subjects?.join(" ") === wanted.subjects.join(" ");
  return stateOf(isAsWanted ? found : await manager.streams.update(name, wanted));
}

export async function findStream(
  manager: JetStreamManager,
  name: string,
): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (thrown) {
    if (thrown instanceof NatsError && thrown.api_error?.code === 404) return undefined;
    throw thrown;
  }
}

export function stateOf(info: StreamInfo): StreamState {
  return { incarnation: info.created, lastSequence: info.state.last_seq };
}
