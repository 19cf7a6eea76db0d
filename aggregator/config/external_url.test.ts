import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { RulesConfig } from "../rules/config.ts";
import { withExternalUrl } from "./external_url.ts";

test.each([
  ["127.0.0.1:7600", "http://127.0.0.1:7600"],
  ["[::1]:80", "http://[::1]:80"],
  [":7600", `http://${hostname()}:7600`],
  ["0.0.0.0:7600", `http://${hostname()}:7600`],
  ["127.0.0.1:0", ""],
])("a server at %j is linked to as %j", (listen, url) => {
  const rules = RulesConfig.parse({});
  expect(withExternalUrl({ listen, rules }).rules.external_url).toBe(url);
});

test("an address that was given stays", () => {
  const rules = RulesConfig.parse({ external_url: "https://lapwing.example.org" });
  const given = { listen: "127.0.0.1:7600", rules };
  expect(withExternalUrl(given)).toBe(given);
});
