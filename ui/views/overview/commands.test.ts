import { expect, test } from "bun:test";
import { isLocalOnly, nextSteps } from "./commands.ts";

const config = {
  listen: "127.0.0.1:7600",
  hasAgent: true,
  natsServers: [],
  hasFleetKeys: false,
};

function textsOf(...place: Parameters<typeof nextSteps>): string {
  return nextSteps(...place)
    .flatMap(({ commands }) => commands.map(({ text }) => text))
    .join("\n");
}

test("one process takes pushes itself, and other hosts know it by its name, not as the loopback", () => {
  const texts = textsOf({ origin: "http://localhost:7600", hostName: "web-1", config });
  expect(texts).toContain("url: http://localhost:7600/api/v1/write");
  expect(texts).toContain("OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:7600\n");
  expect(texts).toContain("--nats-url nats://web-1:4222");
  expect(texts).not.toContain("token create");
});

test("an aggregator of its own has hosts enrolled where it has keys, and leaves pushes to the agents", () => {
  const apart = {
    ...config,
    listen: "0.0.0.0:7600",
    hasAgent: false,
    natsServers: ["tls://nats:4222"],
    hasFleetKeys: true,
  };
  const texts = textsOf({ origin: "https://lapwing.example", hostName: undefined, config: apart });
  expect(texts).toContain("lapwing fleet token create --ttl 1h --uses 1");
  expect(texts).toContain("enroll --url https://lapwing.example --token-file TOKEN");
  expect(texts).toContain("--nats-url tls://nats:4222");
  expect(texts).toContain("url: http://127.0.0.1:7600/api/v1/write");
});

test("isLocalOnly() knows loopback addresses", () => {
  const listens = ["127.0.0.1:1", "localhost:1", "[::1]:1", "0.0.0.0:1", "10.0.0.1:1"];
  expect(listens.map((listen) => isLocalOnly({ ...config, listen }))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
