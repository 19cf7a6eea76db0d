import { expect, test } from "bun:test";
import { isOwnName, machineNames, parseHost } from "./host_names.ts";

test("machineNames() gives the host name, its first label, and that in the domains searched", () => {
  const resolv = "nameserver 192.0.2.1\nsearch corp.example svc.cluster.local\n";
  expect(machineNames("Node1.corp.example", resolv)).toEqual([
    "node1.corp.example",
    "node1",
    "node1.svc.cluster.local",
  ]);
  expect(machineNames("node1", "")).toEqual(["node1"]);
});

test("isOwnName() knows the machine's names unless it listens on loopback alone", () => {
  const names = { configured: [], machine: ["node1"] };
  expect(isOwnName("node1", { ...names, listen: "0.0.0.0" })).toBe(true);
  expect(isOwnName("node1", { ...names, listen: "192.0.2.7" })).toBe(true);
  for (const listen of ["127.0.0.1", "::1", "localhost"])
    expect(isOwnName("node1", { ...names, listen })).toBe(false);
});

test("parseHost() takes one host with an optional port", () => {
  expect(parseHost("[::ffff:127.0.0.1]:80")).toEqual({ kind: "name", name: "::ffff:7f00:1" });
  expect(parseHost("A.b.")).toEqual({ kind: "name", name: "a.b" });
  expect(parseHost(null)).toEqual({ kind: "absent" });
  for (const wrong of ["", ".", "a:b", "a, b", "[x]", "[::1", "a/b", "a\tb"])
    expect([wrong, parseHost(wrong)]).toEqual([wrong, { kind: "invalid" }]);
});
