import { expect, test } from "bun:test";
import { z } from "zod";
import { shownConfig } from "./shown_config.ts";

test("shownConfig() hides secrets by their keys, in URLs, and in the texts that tell whether options changed", () => {
  const entry = { address: "db:1", password: "hunter2", password_file: "/run/password" };
  const config = {
    ...entry,
    url: "nats://user:hunter2@bus:4222",
    authorization: { credentials: "hunter2" },
    env: { API_TOKEN: "hunter2", LANG: "C" },
    bound: [
      { fingerprint: JSON.stringify(entry) },
      { fingerprint: JSON.stringify([JSON.stringify(entry), '[{"type":"json"}]', "plain", 3]) },
      { fingerprint: "no JSON, hunter2" },
      { fingerprint: "" },
    ],
    schema: z.object({ a: z.string() }),
  };
  const shown = shownConfig(config);
  expect(shown).not.toContain("hunter2");
  expect(shown).not.toContain("schema");
  for (const part of ["db:1", "/run/password", "@bus:4222", "LANG: C", "plain", "json"])
    expect(shown).toContain(part);
});
