import { expect, test } from "bun:test";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { createHead } from "../head/head.ts";
import { Lane } from "./lane.ts";
import { IngestMeters } from "./meters.ts";
import { id, Sender } from "./sender.fixture.ts";

test("totals of the loss account are counters that follow it, what comes and goes are gauges", async () => {
  const head = createHead();
  const lane = new Lane(id, head);
  const metrics = createSelfMetrics();
  const meters = new IngestMeters(metrics, { all: () => [lane].values() }, head);
  expect(meters).toBeDefined();
  const sender = new Sender();
  lane.offer(sender.open(), undefined);
  const told = async () => {
    const text = await metrics.text();
    const lines = text.split("\n").filter((line) => line.includes("lapwing_account_"));
    const types = lines.filter((line) => line.startsWith("# TYPE")).map((line) => line.slice(7));
    const collected = lines.filter((line) => line.startsWith("lapwing_account_collected_items{"));
    return { types, collected: collected.map((line) => Number(line.split(" ").at(-1))) };
  };
  for (let samples = 1; samples <= 3; samples++) {
    lane.offer(sender.sample(), undefined);
    // As often as it is asked for, it is the total.
    await told();
    expect((await told()).collected).toEqual([samples]);
  }
  expect((await told()).types.toSorted()).toEqual([
    "lapwing_account_backlog_age_seconds gauge",
    "lapwing_account_backlog_items gauge",
    "lapwing_account_collected_items counter",
    "lapwing_account_dropped_items counter",
    "lapwing_account_in_flight_items gauge",
    "lapwing_account_stored_items counter",
  ]);
});
