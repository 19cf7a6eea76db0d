import { expect, test } from "bun:test";
import { run } from "#test/bench/chaos.ts";
import { natsServerPath } from "#test/support/nats.ts";

const isFull = process.env.LAPWING_TEST_FULL === "1";

test.skipIf(natsServerPath === undefined)(
  "every line and sample is stored once while agents, NATS and the aggregator are killed (needs nats-server)",
  async () => {
    const verdict = await run(["--rounds", isFull ? "60" : "12"]);
    expect(verdict.problems).toEqual([]);
    expect(verdict).toMatchObject({ unexplained: 0, duplicated: 0 });
    expect(Number(verdict.items)).toBeGreaterThan(1_000);
  },
  isFull ? 600_000 : 180_000,
);
