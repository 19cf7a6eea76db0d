/**
 * An agent without HTTP for the benchmark of outages: scrapes of an hour and more are in its spool before it connects (`cut`), or are written while it
 * is connected (`steady`).
 *
 *     bun outage_feeder.ts FOLDER NATS_URL cut|steady HOSTS SCRAPES START_MS RATE
 *
 * Prints what is in the spool as JSON once that is so. `cut` connects at the first byte on its standard input, and scrapes a host twice a second from
 * then on.
 */
import { systemClock } from "#shared/runtime/clock.ts";
import { Feeder } from "./frame_feeder.ts";
import { OutageAgent, SetClock } from "./outage_world.ts";
import { recordedScrapesAt15s } from "./recorded_scrapes.ts";

export type Left = { readonly frames: number; readonly bytes: number; readonly samples: number };

const liveIntervalMs = 500;

const [folder = "", url = "", name = "", hosts = "", scrapes = "", startText = "", rate = ""] =
  process.argv.slice(2);
const startMs = Number(startText);
const clock = new SetClock(startMs);
const isCut = name === "cut";
const config = { backlog_after: isCut ? "60s" : "3650d", backlog_rate: rate };
const agent = await OutageAgent.open(folder, url, name, config, clock, "8MiB");
const feeder = new Feeder(agent.spool, await recordedScrapesAt15s(), Number(hosts));
if (!isCut) await agent.connect();
await feeder.fill(startMs, Number(scrapes), (ms) => {
  clock.nowMs = ms;
});
await agent.spool.metrics.sync();
const { bytes, items: samples, synced } = agent.spool.metrics.files;
const left: Left = { frames: synced.position.sequence, bytes, samples };
process.stdout.write(`${JSON.stringify(left)}\n`);
await process.stdin[Symbol.asyncIterator]().next();
const now = (): number => (clock.nowMs = systemClock.now());
now();
if (isCut) await agent.connect();
for (;;) {
  now();
  if (isCut) await feeder.scrapeOne();
  await Bun.sleep(liveIntervalMs);
}
