import { expect, test } from "bun:test";
import { channels } from "../../channels/channels.ts";
import { secretKeysOf } from "../../channels/shown_secrets.ts";
import { shownOriginal } from "./shown_original.ts";

test("shownOriginal() hides every key that a channel marks as a secret", () => {
  const keys = channels.flatMap((any) =>
    any(({ name, schema }) => secretKeysOf(schema).map((key) => [`${name}_configs`, key] as const)),
  );
  expect(keys.length).toBeGreaterThan(20);
  const shown = keys.filter(([list, key]) =>
    shownOriginal({
      receivers: [{ name: "x", [list]: [{ [key]: "https://host/hidden" }] }],
    }).includes("hidden"),
  );
  expect(shown).toEqual([]);
});
