import { expect, test } from "bun:test";
import { withRooms } from "./room_picture.ts";

const path = new URL("../../docs/architecture.md", import.meta.url);

test("docs/architecture.md draws the rooms as the layers test has them; else: bun run docs:rooms", async () => {
  const document = await Bun.file(path).text();
  expect(document).toBe(withRooms(document));
});
test("withRooms() draws an import once, and not again where another room leads there", () => {
  const marks = /<!-- rooms[^\n]*-->[^]*<!-- end of rooms -->/;
  const drawn = withRooms(
    "a\n<!-- rooms: `bun run docs:rooms` writes this from test/tidy/rooms.ts -->\n<!-- end of rooms -->\nb",
  );
  expect(drawn.replace(marks, "")).toBe("a\n\nb");
  const [layers = ""] = drawn.match(/```mermaid[^]*?```/) ?? [];
  expect(layers.split("\n").slice(2, -1)).toEqual([
    '  r0["shared"]',
    '  r1["proto"]',
    '  r2["agent"]',
    '  r3["aggregator"]',
    '  r4["ui"]',
    "  r1 --> r0",
    "  r2 --> r1",
    "  r3 --> r1",
    "  r4 --> r1",
  ]);
});
test("withRooms() refuses a document without its marks", () => {
  expect(() => withRooms("no marks")).toThrow("expected the lines");
});
