import { expect, test } from "bun:test";
import { Topology, hostOf } from "./topology.ts";

test.each([
  ["web-1:9100", "web-1"],
  ["web-1", "web-1"],
  ["[::1]:9100", "[::1]"],
  ["fe80::1:22", "fe80::1:22"],
  ["https://example.org", "https://example.org"],
  [":9100", ":9100"],
])("the host of %j is %j", (name, host) => {
  expect(hostOf(name)).toBe(host);
});

test("above() gives the host of a target, what that is behind, and so on, the nearest first", () => {
  const topology = new Topology([
    { name: "switch-1", hosts: ["web-1", "db-*"] },
    { name: "router", hosts: ["switch-*", "web-1"] },
  ]);
  expect([...topology.above("web-1:9100")]).toEqual(["web-1", "switch-1", "router"]);
  expect([...topology.above("db-7")]).toEqual(["switch-1", "router"]);
  expect([...topology.above("switch-1")]).toEqual(["router"]);
  expect([...topology.above("elsewhere")]).toEqual([]);
});

test("an asterisk stands for any text, also for none", () => {
  const topology = new Topology([{ name: "s", hosts: ["a*b*c"] }]);
  const fitting = ["abc", "a1b2c", "abbc", "ab", "abcd", "acb", "aXc"].filter(
    (name) => topology.above(name).size > 0,
  );
  expect(fitting).toEqual(["abc", "a1b2c", "abbc"]);
});

test("circleOf() shows the way back to a name", () => {
  const topology = new Topology([
    { name: "a", hosts: ["b"] },
    { name: "b", hosts: ["c"] },
    { name: "c", hosts: ["a*"] },
    { name: "d", hosts: ["e"] },
  ]);
  expect(topology.circleOf("a")).toEqual(["a", "c", "b", "a"]);
  expect(topology.circleOf("d")).toBeUndefined();
  // One that was not found to be a circle would end here, too.
  expect([...topology.above("a")]).toEqual(["c", "b"]);
});
