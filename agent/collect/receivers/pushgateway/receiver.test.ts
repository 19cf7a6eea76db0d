import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Held } from "../receiver.fixture.ts";
import { parseGroupPath } from "./group_path.ts";
import { pushgateway } from "./receiver.ts";

const root = mkdtempSync(join(tmpdir(), "lapwing-pushgateway-"));
afterAll(() => rmSync(root, { recursive: true }));

function start(config: unknown = {}, folder = mkdtempSync(join(root, "state-"))) {
  const held = new Held();
  const context = held.context(folder);
  const ticks: (() => void)[] = [];
  const sleep = (_: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      ticks.push(resolve);
      signal?.addEventListener("abort", () => resolve());
    });
  const receiver = pushgateway.open(pushgateway.config.parse(config), {
    ...context,
    clock: { ...context.clock, sleep },
  });
  const send = async (method: string, path: string, body?: string) => {
    held.nowMs += 1_000;
    const response = await receiver.routes.request(
      `/metrics/${path}`,
      body === undefined ? { method } : { method, body },
    );
    return response.status;
  };
  /** Lets the next interval pass, and waits until its samples are there. */
  const tick = async () => {
    held.nowMs += 15_000;
    const before = held.batches;
    ticks.splice(0).forEach((resolve) => resolve());
    while (held.batches === before) await new Promise(setImmediate);
  };
  return { held, receiver, send, tick, folder };
}
const values = (held: Held, name: string) => held.of({ __name__: name }).map(({ value }) => value);

test("parseGroupPath() reads pairs, base64 and percent signs", () => {
  expect(parseGroupPath("job/backup/instance/a%2Fb")).toEqual({ job: "backup", instance: "a/b" });
  expect(parseGroupPath("job@base64/YS9i/empty@base64/=")).toEqual({ job: "a/b" });
  for (const path of [
    "job",
    "job/a/b",
    "a/b",
    "job/",
    "job/a/job/b",
    "job/a/x-y/1",
    "job/a/__x/1",
    "job@base64/*",
    "job/%zz",
  ])
    expect(() => parseGroupPath(path)).toThrow();
});
test("pushgateway: a push is stored at once under the group's labels, and again each interval", async () => {
  const { held, receiver, send, tick } = start();
  await receiver.start?.();
  expect(
    await send(
      "PUT",
      "job/backup/instance/a",
      '# TYPE done gauge\n# HELP done Help.\ndone{job="own",x="1"} 3\n',
    ),
  ).toBe(200);
  await tick();
  expect(
    held.of({ __name__: "done", job: "backup", instance: "a", x: "1" }).map(({ value }) => value),
  ).toEqual([3, 3]);
  expect(values(held, "push_time_seconds")[0]).toBe(1_760_000_001);
  expect(held.families.get("done")).toEqual({
    name: "done",
    type: "gauge",
    help: "Help.",
    unit: "",
  });
  await receiver.stop?.();
});
test("pushgateway: POST keeps families of other names, PUT replaces all, DELETE ends all, with stale markers", async () => {
  const { held, send } = start();
  await send("PUT", "job/j", "a 1\nb 1\n");
  await send("POST", "job/j", "b 2\n");
  expect([values(held, "a"), values(held, "b")]).toEqual([
    [1, 1],
    [1, 2],
  ]);
  await send("PUT", "job/j", "b 3\n");
  expect(values(held, "a")).toEqual([1, 1, "stale"]);
  expect(await send("DELETE", "job/j")).toBe(202);
  expect([values(held, "b").at(-1), values(held, "push_time_seconds").at(-1)]).toEqual([
    "stale",
    "stale",
  ]);
  expect(await send("DELETE", "job/none")).toBe(202);
});
test("pushgateway: what is refused changes nothing but the time of the failure", async () => {
  const { held, send } = start({ samples_max: 2 });
  expect(await send("PUT", "job/j", "a 1\n")).toBe(200);
  expect(await send("POST", "job/j", "a 1 123\n")).toBe(400);
  expect(await send("POST", "job/j", "a 1\na 2\n")).toBe(400);
  expect(await send("POST", "job/j", "not a metric\n")).toBe(400);
  expect(await send("POST", "job/j", "b 1\nc 1\n")).toBe(400);
  expect(await send("GET", "job/j")).toBe(405);
  expect(await send("PUT", "other/j", "a 1\n")).toBe(404);
  held.isBroken = true;
  expect(await send("PUT", "job/j", "a 9\n")).toBe(503);
  held.isBroken = false;
  await send("POST", "job/j", "b 1\n");
  expect(values(held, "a")).toEqual([1, 1]);
  expect(values(held, "push_failure_time_seconds").at(-1)).toBe(1_760_000_008);
});
test("pushgateway: groups stand again after a restart", async () => {
  const first = start();
  await first.receiver.start?.();
  await first.send("PUT", "job/j", "a NaN\nb +Inf\n");
  await first.receiver.stop?.();
  const second = start({}, first.folder);
  await second.receiver.start?.();
  await second.tick();
  expect([values(second.held, "a"), values(second.held, "b")]).toEqual([[Number.NaN], [Infinity]]);
  await second.receiver.stop?.();
});
