import { create } from "@bufbuild/protobuf";
import { expect, test } from "bun:test";
import type { AgentRecord } from "#aggregator/fleet/agents.ts";
import type { ResolutionAnswer, ResolutionOrder } from "#proto/bus/resolution.ts";
import {
  fromWireOrder,
  fromWireReply,
  toWireAnswer,
  toWireOrder,
  toWireRefusal,
} from "#proto/bus/resolution_wire.ts";
import { HeartbeatSchema, ResolutionOrderSchema } from "#proto/gen/v1/control_pb.js";
import { OperatingError } from "#shared/errors.ts";
import { resolutionRoutes } from "./resolution_routes.ts";

const shipped: ResolutionAnswer = {
  fromMs: 1_000,
  toMs: 61_500,
  series: 2,
  samples: 110,
  isCut: false,
};

/** Agents by id, name and whether they are live; an order for `a3` goes wrong. */
function served() {
  const agents = [
    ["a1", "web-1", true],
    ["a2", "web-1", false],
    ["a3", "db-1", true],
    ["a4", "old", false],
    ["a5", "old", false],
  ] as const;
  const live = new Set<AgentRecord>();
  const records = agents.map(([agent, name, isLive]): AgentRecord => {
    const heartbeat = create(HeartbeatSchema, { tenant: "acme", agent, name });
    const record = { heartbeat, lastSeenMs: 0, clockOffsetMs: 0 };
    if (isLive) live.add(record);
    return record;
  });
  const asked: [string, ResolutionOrder][] = [];
  const app = resolutionRoutes({
    tenant: () => "acme",
    agents: { list: () => records, isLive: (record) => live.has(record) },
    request: async ({ agent }, order) => {
      // As over NATS.
      asked.push([agent, fromWireOrder(toWireOrder(order))]);
      if (agent !== "a3") return fromWireReply(toWireAnswer(shipped));
      return fromWireReply(toWireRefusal(new OperatingError("overloaded", "too many")));
    },
  });
  const post = async (agent: string, body: unknown, headers: Record<string, string> = {}) => {
    const answer = await app.request(`/api/v1/agents/${agent}/resolution`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const json: unknown = await answer.json();
    return { status: answer.status, retryAfter: answer.headers.get("retry-after"), json };
  };
  return { post, asked };
}

test("resolutionRoutes() asks the live agent of a name, or one by its id", async () => {
  const { post, asked } = served();
  const match = ['up{job="web"}'];
  expect(await post("web-1", { match, before: "1m", after: "30s", reason: "alert" })).toMatchObject(
    {
      status: 200,
      json: { start: 1, end: 61.5, series: 2, samples: 110, cut_short: false },
    },
  );
  await post("a4", { start: 100, end: 160.5 });
  expect(asked).toEqual([
    [
      "a1",
      {
        reason: "alert",
        match,
        beforeMs: 60_000,
        afterMs: 30_000,
        fromMs: undefined,
        toMs: undefined,
      },
    ],
    [
      "a4",
      {
        reason: "request",
        match: [],
        beforeMs: 300_000,
        afterMs: 0,
        fromMs: 100_000,
        toMs: 160_500,
      },
    ],
  ]);
});

test("resolutionRoutes() says who is not known, and who is meant twice", async () => {
  const { post } = served();
  expect(await post("web-9", {})).toMatchObject({
    status: 404,
    json: { error: 'agent "web-9" is not known' },
  });
  expect(await post("old", {})).toMatchObject({
    status: 409,
    json: { error: "several agents have this name: use an id of a4, a5" },
  });
});

test("resolutionRoutes() names every mistake of a request", async () => {
  const { post } = served();
  const { status, json } = await post("a1", { before: "3d", start: 9, end: 3, reason: "x", no: 1 });
  expect(status).toBe(400);
  const { error } = Object(json);
  for (const part of ["before: must be 2h or less", "reason: ", 'body: Unrecognized key: "no"'])
    expect(error).toContain(part);
  expect(await post("a1", { start: 9, end: 3 })).toMatchObject({
    status: 400,
    json: { error: "end: must be after start" },
  });
});

test("resolutionRoutes() passes on what the agent refuses", async () => {
  const { post } = served();
  expect(await post("db-1", {})).toEqual({
    status: 429,
    retryAfter: "60",
    json: { error: "too many" },
  });
});

test("resolutionRoutes() takes JSON only, which no form of a page sends", async () => {
  const { post, asked } = served();
  expect((await post("a1", {}, { "content-type": "text/plain" })).status).toBe(415);
  expect(asked).toEqual([]);
});

test("fromWireReply() takes an agent that knows no such orders for one of another version", () => {
  expect(() => fromWireReply(undefined)).toThrow("ships at one resolution only");
});

test("fromWireOrder() refuses times that are none", () => {
  for (const wrong of [{ beforeMs: Number.NaN }, { toMs: Infinity }, { afterMs: -1 }])
    expect(() => fromWireOrder(create(ResolutionOrderSchema, wrong))).toThrow(
      "expected milliseconds",
    );
});
