import { expect, test } from "bun:test";
import { ChangeWatch, type ObservedAlert } from "./change_watch.ts";

const group = { file: "rules.yaml", name: "hosts" };
const labelsOf = (host: string) => ({ alertname: "Down", host });

function alert(host: string, state: ObservedAlert["state"], value = 1): ObservedAlert {
  return { labels: labelsOf(host), state, value };
}
const rule = (alerts: readonly ObservedAlert[], isSettled = true, name = "Down") => ({
  name,
  alerts,
  isSettled,
});
const nothing = () => false;
/** Each change as "host state value". */
function texts(changes: ReturnType<ChangeWatch["received"]>): string[] {
  return changes.map(({ labels, state, value }) => `${labels["host"]} ${state} ${value}`);
}

test("evaluated() returns each change once, with the last value", async () => {
  const watch = new ChangeWatch([]);
  const look = async (...alerts: readonly ObservedAlert[]) =>
    texts(await watch.evaluated(group, [rule(alerts)]));
  expect(await look(alert("a", "pending", 7), alert("b", "pending"))).toEqual([
    "a pending 7",
    "b pending 1",
  ]);
  expect(await look(alert("a", "pending", 8), alert("b", "pending"))).toEqual([]);
  expect(await look(alert("a", "firing", 9))).toEqual(["a firing 9", "b inactive 1"]);
  expect(await look(alert("a", "firing", 10))).toEqual([]);
  expect(await look(alert("a", "inactive", 10))).toEqual(["a resolved 10"]);
  expect(await look(alert("a", "inactive", 10))).toEqual([]);
  expect(await look(alert("a", "firing", 11))).toEqual(["a firing 11"]);
});

test("after a start, what the catalog has goes on: nothing is said twice, and what ended is resolved once that is sure", async () => {
  const known = ["a", "b"].map((host) => ({
    labels: labelsOf(host),
    state: "firing" as const,
    value: 1,
    group,
  }));
  const watch = new ChangeWatch(known);
  expect(await watch.evaluated(group, [rule([alert("a", "pending")], false)])).toEqual([]);
  expect(await watch.evaluated(group, [rule([alert("a", "firing")], false)])).toEqual([]);
  expect(texts(await watch.evaluated(group, [rule([alert("a", "firing")])]))).toEqual([
    "b resolved 1",
  ]);
});

test("a rule that fails ends no alert, the others of its group do", async () => {
  const watch = new ChangeWatch([]);
  const other = { labels: { alertname: "Full", host: "x" }, state: "firing", value: 1 } as const;
  await watch.evaluated(group, [rule([alert("a", "firing")]), rule([other], true, "Full")]);
  const changes = await watch.evaluated(group, [rule([], false), rule([], true, "Full")]);
  expect(texts(changes)).toEqual(["x resolved 1"]);
});

test("a removed rule and a removed group end their alerts", async () => {
  const watch = new ChangeWatch([]);
  await watch.evaluated(group, [rule([alert("a", "firing")]), rule([], true, "Full")]);
  expect(texts(await watch.evaluated(group, [rule([], true, "Full")]))).toEqual(["a resolved 1"]);
  await watch.evaluated(group, [rule([alert("a", "pending")])]);
  expect(watch.ended(() => true, nothing)).toEqual([]);
  expect(texts(watch.ended(nothing, nothing))).toEqual(["a inactive 1"]);
  expect(watch.ended(nothing, nothing)).toEqual([]);
});

test("alerts of other servers fire, and are resolved by their sender or when it stops sending them", async () => {
  const watch = new ChangeWatch([]);
  const receive = (host: string, isResolved = false) =>
    texts(watch.received(labelsOf(host), isResolved));
  expect([receive("a"), receive("b"), receive("c", true)]).toEqual([
    ["a firing undefined"],
    ["b firing undefined"],
    [],
  ]);
  expect(receive("a")).toEqual([]);
  expect(receive("b", true)).toEqual(["b resolved undefined"]);
  expect(texts(watch.ended(() => true, nothing))).toEqual(["a resolved undefined"]);
});

test("an alert keeps its last value for when it is resolved", async () => {
  const watch = new ChangeWatch([]);
  const labels = labelsOf("a");
  for (const value of [1, 2, 3])
    await watch.evaluated(group, [rule([{ labels, state: "firing", value }])]);
  expect(texts(await watch.evaluated(group, [rule([])]))).toEqual(["a resolved 3"]);
});
