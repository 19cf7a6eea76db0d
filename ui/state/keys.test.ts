import { expect, test } from "bun:test";
import { createKeyRegistry, keyName } from "./keys.ts";

function registryWith(keys: readonly string[]): {
  registry: ReturnType<typeof createKeyRegistry>;
  done: string[];
} {
  const registry = createKeyRegistry();
  const done: string[] = [];
  const bindings = keys.map((each) => ({ keys: each, words: each, run: () => done.push(each) }));
  registry.add({ title: "Frame", bindings: () => bindings }, true);
  return { registry, done };
}

test("press() runs single keys and keys in a row", () => {
  const { registry, done } = registryWith(["g h", "g d", "?", "mod+k"]);
  expect(registry.press("g", 0)).toBe(true);
  expect(registry.press("d", 100)).toBe(true);
  expect(registry.press("?", 200)).toBe(true);
  expect(registry.press("h", 300)).toBe(false);
  expect(registry.press("mod+k", 400)).toBe(true);
  expect(done).toEqual(["g d", "?", "mod+k"]);
});

test("press() forgets a first key after a pause, and one that nothing follows", () => {
  const { registry, done } = registryWith(["g h", "h"]);
  registry.press("g", 0);
  registry.press("h", 5_000);
  registry.press("g", 6_000);
  registry.press("x", 6_100);
  registry.press("h", 6_200);
  expect(done).toEqual(["h", "h"]);
});

test("the keys of a page win over the shell's while it is shown", () => {
  const { registry, done } = registryWith(["/"]);
  const bindings = [{ keys: "/", words: "search", run: () => done.push("page") }];
  const remove = registry.add({ title: "Page", bindings: () => bindings }, false);
  expect(registry.groups().map(({ title }) => title)).toEqual(["Page"]);
  registry.press("/", 0);
  remove();
  registry.press("/", 1);
  expect(done).toEqual(["page", "/"]);
});

test("keyName() names modifiers and arrows, and leaves Alt to the system", () => {
  const plain = { ctrlKey: false, metaKey: false, altKey: false };
  expect(keyName({ ...plain, key: "K", metaKey: true })).toBe("mod+k");
  expect(keyName({ ...plain, key: "ArrowLeft" })).toBe("←");
  expect(keyName({ ...plain, key: "?" })).toBe("?");
  expect(keyName({ ...plain, key: "x", altKey: true })).toBeUndefined();
});
