import { expect, test } from "bun:test";
import { readRunningConfig } from "./running_config.ts";

test("readRunningConfig() reads an aggregator's configuration, which has no receivers", () => {
  const nats = { servers: ["nats://nats:4222"] };
  expect(readRunningConfig({ listen: "127.0.0.1:7600", nats, fleet: {} })).toEqual({
    listen: "127.0.0.1:7600",
    hasAgent: false,
    natsServers: ["nats://nats:4222"],
    hasFleetKeys: false,
  });
});

test("readRunningConfig() knows a process with an agent by its receivers", () => {
  expect(readRunningConfig({ receivers: { otlp: {} } })).toEqual({
    listen: "",
    hasAgent: true,
    natsServers: [],
    hasFleetKeys: false,
  });
});
