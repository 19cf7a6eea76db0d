import { expect, test } from "bun:test";
import { hostilePushes } from "#test/adversary/pushes.ts";
import { elasticsearch } from "./elasticsearch/receiver.ts";
import { influx } from "./influx/receiver.ts";
import { jsonLogs } from "./json_logs/receiver.ts";
import { loki } from "./loki/receiver.ts";
import { otlp } from "./otlp/receiver.ts";
import { pushgateway } from "./pushgateway/receiver.ts";
import type { OpenedReceiver, ReceiverContext } from "./receiver.ts";
import { Held } from "./receiver.fixture.ts";
import { remoteWrite } from "./remote_write/receiver.ts";

/** Of the parts of an attack: enough for a second of decoding. */
const share = 0.25;

/** How often the event loop went round until the answer to a push was there. */
async function turnsOf(opened: OpenedReceiver, name: string): Promise<number> {
  const push = hostilePushes[name];
  if (push === undefined) throw new Error(`no push ${name}`);
  const body = new Uint8Array(push.body(share));
  const { promise: isRunning, resolve } = Promise.withResolvers<void>();
  let turns = 0;
  let isAnswered = false;
  const count = (): void => {
    turns++;
    if (!isAnswered) setImmediate(count);
    else resolve();
  };
  setImmediate(count);
  await opened.routes.request(`/${push.path}`, {
    method: "POST",
    headers: { "content-type": push.type },
    body,
  });
  isAnswered = true;
  await isRunning;
  return turns;
}

/** Emits into nothing: what is measured is the decoding. */
const contextOf = (): ReceiverContext => ({
  ...new Held().context(),
  emitMetrics: async () => {},
  emitLogs: async () => {},
});

const opened: Readonly<Record<string, () => OpenedReceiver>> = {
  loki_json_entries: () => loki.open(loki.config.parse({}), contextOf()),
  loki_protobuf_entries: () => loki.open(loki.config.parse({}), contextOf()),
  otlp_logs_json: () => otlp.open(otlp.config.parse({}), contextOf()),
  otlp_metrics_protobuf: () => otlp.open(otlp.config.parse({}), contextOf()),
  otlp_metrics_json: () => otlp.open(otlp.config.parse({}), contextOf()),
  remote_write_series: () => remoteWrite.open(remoteWrite.config.parse({}), contextOf()),
  remote_write_2_series: () => remoteWrite.open(remoteWrite.config.parse({}), contextOf()),
  bulk_documents: () => elasticsearch.open(elasticsearch.config.parse({}), contextOf()),
  influx_fields: () => influx.open(influx.config.parse({}), contextOf()),
  json_logs_lines: () => jsonLogs.open(jsonLogs.config.parse({}), contextOf()),
  pushgateway_families: () => pushgateway.open(pushgateway.config.parse({}), contextOf()),
};

// Each takes some hundred milliseconds; in one piece that is two turns or three.
for (const [name, open] of Object.entries(opened))
  test(`the push ${name} is decoded in many turns of the event loop`, async () => {
    expect(await turnsOf(open(), name)).toBeGreaterThan(3);
  }, 60_000);
