import { expect, test } from "bun:test";
import { createEmbeddedReceiver } from "#aggregator/ingest/embedded_receiver.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { logsOf, openTestSpool, removeFolder, temporaryFolder } from "#test/support/spool.ts";
import { FrameSink, portOf } from "#test/support/uplink.ts";
import { uplinkSuite } from "./suite.ts";

const parts = { clock: systemClock, log: silentLogger, heartbeatIntervalMs: 100 };

uplinkSuite(
  "embedded",
  async (port) => {
    const receiver = createEmbeddedReceiver(port, parts);
    return { receiver, close: () => receiver.close() };
  },
  false,
);

test("embedded: delivery begins at the start of the committed epoch", async () => {
  const agent = await openTestSpool(await temporaryFolder());
  for (let i = 0; i < 10; i++) await agent.spool.logs.write(logsOf(`${i}`));
  const sink = new FrameSink();
  const receiver = createEmbeddedReceiver(portOf(agent), parts);
  const epoch = agent.spool.logs.files.oldest?.epoch ?? 0;
  const lane = { tenant: "main", agent: "web-1", signal: "logs" } as const;
  const committed = [{ lane, position: { epoch, sequence: 6 } }];
  await receiver.start(sink.handlers({ committed }));
  await sink.until(() => sink.lines().length === 10, "the epoch");
  expect(agent.spool.committedPosition("logs")).toEqual({ epoch, sequence: 6 });
  await receiver.close();
  await agent.spool.close();
  await removeFolder(agent.folder);
});
