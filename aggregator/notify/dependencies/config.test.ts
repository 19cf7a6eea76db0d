import { expect, test } from "bun:test";
import { DependenciesConfig } from "./config.ts";

function mistakes(config: unknown): string[] {
  const parsed = DependenciesConfig.safeParse(config);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

test("a configuration without keys inhibits by alerts named HostDown", () => {
  expect(DependenciesConfig.parse({})).toEqual({
    enabled: true,
    host_down: ['alertname="HostDown"'],
    target_down: [],
    labels: ["host", "instance"],
    behind: [],
  });
});

test("all mistakes are reported, each with its key", () => {
  expect(
    mistakes({
      host_down: ["alertname="],
      target_down: ['alertname=~"("', "{}"],
      labels: ["no-label"],
      behind: [{ name: "s", hosts: [] }],
    }),
  ).toEqual([
    expect.stringMatching(/^target_down\.0: /),
    'target_down.1: expected matchers such as alertname="HostDown"',
    "labels.0: expected the name of a label such as instance",
    expect.stringMatching(/^behind\.0\.hosts: /),
  ]);
});

test("hosts that lie behind each other are a mistake", () => {
  const behind = [
    { name: "a", hosts: ["b"] },
    { name: "b", hosts: ["web-1", "a"] },
  ];
  expect(mistakes({ behind })).toEqual([
    "behind.0.name: a is behind b is behind a: expected no circle",
    "behind.1.name: b is behind a is behind b: expected no circle",
  ]);
});
