import { describe, expect, test } from "bun:test";
import { join } from "node:path";

const sheet = await Bun.file(join(import.meta.dir, "tokens.css")).text();
const [lightText = "", systemText = "", darkText = ""] = sheet.split(/:root[^{]*\{/).slice(1);
const light = tokensOf(lightText);
const dark = { ...light, ...tokensOf(darkText) };

/** Words on what they stand on, WCAG 2.2 AA: 4.5:1. */
const texts: readonly (readonly [string, readonly string[]])[] = [
  [
    "text",
    [
      "page",
      "rail",
      "raised",
      "hover",
      "raised-hover",
      "selected",
      "accent-soft",
      "warn-soft",
      "bad-soft",
    ],
  ],
  ["text-quiet", ["page", "rail", "raised", "hover", "raised-hover", "selected"]],
  ["accent", ["page", "rail", "raised", "hover", "raised-hover", "accent-soft", "selected"]],
  ["good", ["page", "raised", "hover"]],
  ["warn", ["page", "raised", "hover", "warn-soft"]],
  ["bad", ["page", "raised", "hover", "bad-soft"]],
  ["level-debug", ["page", "hover"]],
  ["on-accent", ["accent"]],
  ["on-danger", ["danger"]],
  ["inverse-text", ["inverse"]],
];
/** What is no word but must be seen: edges of fields, the focus, pictures of the flow. 3:1. */
const shapes: readonly (readonly [string, readonly string[]])[] = [
  ["line-strong", ["page", "raised"]],
  ["focus", ["page", "rail", "raised", "hover"]],
  ["flow-stored", ["page"]],
  ["flow-in_flight", ["page"]],
];

describe.each([
  ["light", light],
  ["dark", dark],
])("the %s theme", (_name, tokens) => {
  test.each(pairs(texts))("%s on %s can be read", (above, below) => {
    expect(contrast(tokens, above, below)).toBeGreaterThanOrEqual(4.5);
  });
  test.each(pairs(shapes))("%s on %s can be seen", (above, below) => {
    expect(contrast(tokens, above, below)).toBeGreaterThanOrEqual(3);
  });
});

test("the dark theme is one and the same by the system's wish and by choice, and states every colour", () => {
  expect(tokensOf(systemText)).toEqual(tokensOf(darkText));
  const colours = (text: string): string[] =>
    Object.entries(tokensOf(text))
      .filter(([, value]) => /#|rgb/.test(value))
      .map(([name]) => name)
      .toSorted();
  expect(colours(darkText)).toEqual(colours(lightText));
});

test("colours stand in tokens.css alone", async () => {
  for await (const name of new Bun.Glob("*.css").scan(import.meta.dir)) {
    if (name === "tokens.css") continue;
    const text = await Bun.file(join(import.meta.dir, name)).text();
    const raw = text.match(/#[0-9a-f]{3,8}\b(?=[^{}]*;)|\brgba?\(|\bhsla?\(/gi) ?? [];
    expect({ name, raw }).toEqual({ name, raw: [] });
  }
});

function pairs(list: typeof texts): [string, string][] {
  return list.flatMap(([above, belows]) => belows.map((below): [string, string] => [above, below]));
}

function tokensOf(text: string): Record<string, string> {
  const block = text.slice(0, text.indexOf("}"));
  const found = block.matchAll(/--([\w-]+):\s*([^;]+);/g);
  return Object.fromEntries([...found].map(([, name = "", value = ""]) => [name, value.trim()]));
}

function contrast(tokens: Readonly<Record<string, string>>, a: string, b: string): number {
  const [x, y] = [luminance(tokens[a] ?? ""), luminance(tokens[b] ?? "")];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function luminance(hex: string): number {
  expect(hex).toMatch(/^#[0-9a-f]{6}$/);
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
