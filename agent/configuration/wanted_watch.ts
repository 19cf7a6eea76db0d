import type { NatsConnection } from "nats";
import { Empty, ErrorCode, NatsError } from "nats";
import { configurationBucket, configurationSubject } from "#proto/bus/subjects.ts";
import { WantedConfiguration } from "#proto/fleet/wanted_configuration.ts";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";

/** Changes are heard at once; the key is read as well, so that none is missed for long. */
const readIntervalMs = 60_000;
const requestTimeoutMs = 5_000;
const noResponders: string = ErrorCode.NoResponders;

export type WantedWatchParts = {
  readonly tenant: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly told: (wanted: WantedConfiguration) => void;
};

/**
 * Hears what this agent is to run, over one connection, until the signal aborts. It needs no consumer of JetStream, which could have messages
 * delivered anywhere: writes to a key are ordinary messages, and reading one is an ordinary request. Throws nothing: a bucket that is not there yet, or
 * credentials that may not read it, are no trouble of the connection.
 */
export async function watchWanted(
  nats: NatsConnection,
  { tenant, agent, clock, log, told }: WantedWatchParts,
  signal: AbortSignal,
): Promise<void> {
  let trouble = "";
  const troubled = (error: string) => {
    if (error !== trouble && error !== "")
      log.warn("what the aggregator wants this agent to run can't be read", { error });
    trouble = error;
  };
  const take = (data: Uint8Array) => {
    // A key that was deleted has no value, and says nothing.
    if (data.length === 0) return;
    try {
      told(WantedConfiguration.parse(JSON.parse(new TextDecoder().decode(data))));
      troubled("");
    } catch (thrown) {
      troubled(`not as expected: ${messageOf(thrown)}`);
    }
  };
  const subject = configurationSubject({ tenant, agent });
  nats.subscribe(subject, {
    callback: (error, message) => (error === null ? take(message.data) : troubled(error.message)),
  });
  const read = `$JS.API.DIRECT.GET.KV_${configurationBucket(tenant)}.${subject}`;
  while (!signal.aborted) {
    try {
      const { data, headers } = await nats.request(read, Empty, { timeout: requestTimeoutMs });
      // 404: there is nothing under this key.
      if (headers?.hasError !== true) take(data);
      else if (headers.code !== 404) troubled(headers.description);
    } catch (thrown) {
      const isAbsent = thrown instanceof NatsError && thrown.code === noResponders;
      // Without an aggregator that has configurations to give there is no bucket.
      if (!isAbsent && !signal.aborted) troubled(messageOf(thrown));
    }
    await clock.sleep(readIntervalMs * (0.75 + Math.random() / 2), signal);
  }
}
