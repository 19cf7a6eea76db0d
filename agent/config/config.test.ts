import { expect, test } from "bun:test";
import { ConfigError, parseConfig } from "#shared/runtime/config/config.ts";
import { shownConfig } from "#shared/runtime/config/shown_config.ts";
import { AgentConfig } from "./config.ts";
import { integrations } from "../integrations/registry.ts";

function mistakesOf(text: string): string[] {
  try {
    parseConfig(AgentConfig, { name: "f", text, overrides: [] });
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.message.split("\n");
    throw thrown;
  }
  return [];
}

const longTimeout = `global: {scrape_interval: 5s}
scrape_configs:
  - job_name: a
    scrape_timeout: 6s
`;

test("AgentConfig refuses a timeout that is longer than the global interval, beside other mistakes", () => {
  const expected = 'f:4: scrape_configs.0.scrape_timeout is "6s": must not be longer';
  expect(mistakesOf(longTimeout)[0]).toStartWith(expected);
  const both = mistakesOf(`${longTimeout}tenant: A B\nno_such: 1\n`);
  expect(both).toHaveLength(3);
  expect(both.some((mistake) => mistake.startsWith(expected))).toBe(true);
});

test("AgentConfig does not compare what is no duration", () => {
  expect(mistakesOf(longTimeout.replace("6s", "soon"))).toEqual([
    'f:4: scrape_configs.0.scrape_timeout is "soon": expected a duration such as "15s" or "1h30m"',
  ]);
});

test("AgentConfig is shown without any integration's password", () => {
  const password = "hunter2-and-more";
  const entries = Object.values(integrations).flatMap(({ name, config }) => {
    const given = { username: "u", password };
    return config.safeParse(given).success ? [[name, [given]] as const] : [];
  });
  // Those that need no more than a password are enough to show it.
  expect(entries.length).toBeGreaterThan(5);
  const parsed = AgentConfig.parse({ integrations: Object.fromEntries(entries) });
  expect(shownConfig(parsed)).not.toContain(password);
});
