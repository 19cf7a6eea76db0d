import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { isLowestBroker } from "./own_broker.ts";

const far = { id: 7, address: "198.51.100.6:9092" };
const isLowest = (address: string, asked = "127.0.0.1:9092") =>
  isLowestBroker(asked, [far, { id: 3, address }]);

test("isLowestBroker() knows its broker by a name or address of this host and the port", async () => {
  expect(await isLowest("127.0.0.1:9092")).toBe(true);
  expect(await isLowest("localhost:9092")).toBe(true);
  expect(await isLowest(`${hostname()}:9092`)).toBe(true);
  expect(await isLowest("localhost:9093")).toBe(false);
  expect(await isLowest("198.51.100.7:9092")).toBe(false);
  expect(await isLowest("no-such-host.invalid:9092")).toBe(false);
});

test("isLowestBroker() is true beside the next broker when the lowest is gone, and nowhere without any", async () => {
  const here = { id: 9, address: "127.0.0.1:9092" };
  expect(await isLowestBroker("127.0.0.1:9092", [far, here])).toBe(false);
  expect(await isLowestBroker("127.0.0.1:9092", [here, { ...far, id: 12 }])).toBe(true);
  expect(await isLowestBroker("127.0.0.1:9092", [])).toBe(false);
});
