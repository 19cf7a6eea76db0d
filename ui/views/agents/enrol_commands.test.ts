import { expect, test } from "bun:test";
import {
  enrolCommands,
  isLoopback,
  plainConfig,
  readLabels,
  tokenCommand,
} from "./enrol_commands.ts";

test("readLabels() takes a label a line and says which is none", () => {
  expect(readLabels("site=north\n\nrack = 4, role=a=b")).toEqual({
    fault: `"rack = 4": expected name=value, such as site=north`,
  });
  expect(readLabels("site=north, role=a=b")).toEqual({ labels: { site: "north", role: "a=b" } });
});

test("commands keep what came from outside in quotes", () => {
  const [command = ""] = enrolCommands("lwe_1_a-b_C", "https://lapwing.example:7600");
  expect(command).toContain("--url https://lapwing.example:7600 --token lwe_1_a-b_C ");
  const terms = { ttl: "1h", uses: 2, labels: "team=it's; rm -rf /" };
  expect(tokenCommand(terms)).toBe(
    `lapwing fleet token create --ttl 1h --uses 2 --label 'team=it'\\''s; rm -rf /' -c lapwing.yaml`,
  );
});

test("isLoopback() knows addresses that lead a further host to itself", () => {
  for (const address of [
    "http://127.0.0.1:7600",
    "nats://localhost:4222",
    "tls://user:secret@[::1]:4222",
    "127.1.2.3:4222",
    "http://0.0.0.0:7600",
  ])
    expect([address, isLoopback(address)]).toEqual([address, true]);
  for (const address of [
    "https://lapwing.example",
    "nats://10.0.0.7:4222",
    "localhost.example",
    "",
  ])
    expect([address, isLoopback(address)]).toEqual([address, false]);
});

test("plainConfig() leaves passwords out", () => {
  expect(plainConfig(["nats://agent:secret@nats.example:4222"])).toContain(
    `servers: ["nats://nats.example:4222"]`,
  );
});
