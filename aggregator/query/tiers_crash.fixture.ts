import { gauge } from "../read/store.fixture.ts";
import { dayMs, TierWorld } from "./tiers.fixture.ts";

/**
 * To be killed at any moment: commits day after day for ever, going on where the catalog says, and makes tiers after each. Day k has 20
 * samples of "n", every third day a late one of the day before that. Prints a line a day.
 */
const [folder = "", firstDay = "0"] = process.argv.slice(2);
const world = await new TierWorld(0, { retention: { metrics: "100y" } }, folder).open();
const { lanes } = await world.store.recover();
world.sequence = lanes[0]?.position.sequence ?? 0;
for (let k = world.sequence + 1; ; k++) {
  const startMs = (Number(firstDay) + k) * dayMs;
  const times = Array.from({ length: 20 }, (_, i) => startMs + (i + 1) * 3_600_000);
  const late = k % 3 === 0 ? [startMs - dayMs - 30 * 60_000] : [];
  const all = [...late, ...times];
  world.nowMs = startMs + dayMs;
  await world.commit([
    gauge(
      "n",
      all,
      all.map(() => 1),
    ),
  ]);
  world.nowMs += 3_600_000;
  await world.store.maintain();
  process.stdout.write(`${k}\n`);
}
