import { createNatsReceiver } from "#aggregator/ingest/nats_receiver.ts";
import { StreamsConfig } from "#aggregator/ingest/nats_streams.ts";
import { createNatsUplink } from "#agent/uplink/nats_uplink.ts";
import { NatsConfig } from "#proto/bus/nats_config.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { uplinkSuite } from "./suite.ts";

uplinkSuite(
  natsServerPath === undefined ? "nats (skipped: no nats-server on PATH)" : "nats",
  async (port) => {
    const server = await startNats();
    const config = NatsConfig.parse({ servers: [server.url] });
    const parts = { clock: systemClock, log: silentLogger };
    const receiver = createNatsReceiver(config, StreamsConfig.parse({ max_bytes: "64MiB" }), {
      ...parts,
      metrics: createSelfMetrics(),
    });
    const uplink = createNatsUplink(config, {
      ...parts,
      metrics: createSelfMetrics(),
      heartbeatIntervalMs: 100,
    });
    await uplink.start(port);
    return {
      receiver,
      close: async () => {
        await uplink.close();
        await receiver.close();
        await server.stop();
      },
    };
  },
  natsServerPath === undefined,
);
