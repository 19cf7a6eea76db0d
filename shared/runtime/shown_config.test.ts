import { expect, test } from "bun:test";
import { shownConfig } from "./shown_config.ts";

test("shownConfig() hides secrets by their keys in any case and in URLs, and leaves out the texts that tell changes", () => {
  const entry = { address: "db:1", password: "hunter2", password_file: "/run/password" };
  const shown = shownConfig({
    ...entry,
    url: "nats://user:hunter2@bus:4222",
    authorization: { credentials: "hunter2" },
    env: { API_TOKEN: "hunter2", LANG: "C" },
    bound: [{ type: "command", fingerprint: JSON.stringify(entry) }],
    own: { shown: () => ({ password: "hunter2", name: "as told" }) },
  });
  expect(shown).not.toContain("hunter2");
  for (const part of ["db:1", "/run/password", "@bus:4222", "LANG: C", "as told"])
    expect(shown).toContain(part);
});
