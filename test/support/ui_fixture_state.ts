import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GetStorageResponseSchema } from "#proto/gen/v1/data_pb.js";
import type { ListEventsResponseSchema } from "#proto/gen/v1/events_pb.js";
import type { FixtureHost } from "./ui_fixture_data.ts";

const gib = 1_024 ** 3;

/** One event of each of the first hosts, the newest first. */
export function fixtureEvents(
  hosts: readonly FixtureHost[],
  nowMs: number,
): MessageInitShape<typeof ListEventsResponseSchema> {
  const events = hosts.slice(0, 10).map(({ agent, name, silent }, i) => ({
    id: `event-${agent}`,
    atMs: nowMs - (i + 1) * 90_000,
    kind: silent ? "agent_silent" : "agent_restarted",
    level: silent ? "error" : "info",
    agent,
    agentName: name,
    text: silent ? `${name} is not heard of any more` : `${name} was started anew`,
  }));
  return { events };
}

/** Two months of blocks on a disk with room. */
export function fixtureStorage(nowMs: number): MessageInitShape<typeof GetStorageResponseSchema> {
  const oldestMs = nowMs - 60 * 86_400_000;
  return {
    shares: [
      {
        tenant: "default",
        signal: "metrics",
        blocks: 120,
        bytes: 9 * gib,
        rows: 4e8,
        items: 9e9,
        oldestMs,
      },
      {
        tenant: "default",
        signal: "logs",
        blocks: 80,
        bytes: 21 * gib,
        rows: 7e8,
        items: 7e8,
        oldestMs,
      },
    ],
    head: {
      series: 120_441,
      items: [
        { signal: "metrics", unit: "samples", items: 4_100_000 },
        { signal: "logs", unit: "lines", items: 80_000 },
      ],
      oldestMs: nowMs - 120_000,
    },
    volumes: [
      { name: "data", path: "/var/lib/lapwing", freeBytes: 210 * gib, sizeBytes: 500 * gib },
    ],
    url: "file:///var/lib/lapwing/blocks",
    maintainedMs: nowMs - 60_000,
  };
}
