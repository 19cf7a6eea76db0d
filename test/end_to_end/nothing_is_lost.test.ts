import { expect, test } from "bun:test";
import { run } from "#test/bench/chaos.ts";
import type { Misfortune } from "#test/chaos/misfortunes.ts";
import { faketimeMissing } from "#test/support/faketime.ts";
import { natsServerPath } from "#test/support/nats.ts";
import { canMount } from "#test/support/stage.ts";

/** One of a sort: the bench has all of them. */
const kinds = [
  "kill_agent",
  "kill_aggregator",
  "remove_nats_data",
  "fill_agent_disk",
  "lose_catalog",
  "lose_block",
  "clock_ahead",
] satisfies Misfortune[];
const possible = kinds.filter((kind) => {
  if (kind === "fill_agent_disk") return canMount();
  return kind !== "clock_ahead" || faketimeMissing === undefined;
});
const isFull = process.env.LAPWING_TEST_FULL === "1";

test.skipIf(natsServerPath === undefined)(
  "every line and sample is stored once, or explained, while processes are killed, blocks and catalog lost, and the clock jumps (needs nats-server)",
  async () => {
    const some = ["--rounds", String(possible.length), "--kinds", possible.join(",")];
    const verdict = await run(isFull ? ["--rounds", "60"] : some);
    expect(verdict.problems).toEqual([]);
    expect(verdict).toMatchObject({ unexplained: 0, duplicated: 0 });
    expect(Number(verdict.items)).toBeGreaterThan(1_000);
  },
  isFull ? 600_000 : 180_000,
);
