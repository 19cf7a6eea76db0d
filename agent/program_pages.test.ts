import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { elfSection } from "./elf_section.ts";
import { ProgramPages, droppable, parseMappings } from "./program_pages.ts";

const maps = `00200000-01a39000 r--p 00000000 fe:00 77    /opt/agent
01a40000-0684a000 r-xp 01838000 fe:00 77    /opt/agent
06867000-07500000 rw-p 0665e000 fe:00 77    /opt/agent
06867000-07500000 rw-p 0665e000 fe:00 77    /opt/agent of another
07500000-07600000 r-xs 00000000 fe:00 77    /opt/agent
0e9c8000-0e9e9000 rw-p 00000000 00:00 0     [heap]
7f9a6ca7e000-7f9a6cafe000 rw-p 00000000 00:00 0
7f9aae8ae000-7f9aae922000 r-xp 00000000 fe:00 99    /usr/lib/libc.so.6
`;
const text = [
  { start: 0x00200000, end: 0x01a39000 },
  { start: 0x01a40000, end: 0x0684a000 },
];

test("droppable() takes of a program what nobody can write to", () => {
  expect(droppable(parseMappings(maps), "/opt/agent", undefined, 4_096)).toEqual(text);
});
test("droppable() takes of a mapping that can be written to the whole pages of the section", () => {
  const section = { offset: 0x6819010, bytes: 0xadd100 };
  expect(droppable(parseMappings(maps), "/opt/agent", section, 4_096)).toEqual([
    ...text,
    { start: 0x6a23000, end: 0x74ff000 },
  ]);
});
test("droppable() leaves alone a section that is not wholly in the mapping, or fills no page", () => {
  for (const section of [
    { offset: 0x665d000, bytes: 0x4000 },
    { offset: 0x6819000, bytes: 0xcde001 },
    { offset: 0x6819010, bytes: 0x1000 },
  ])
    expect(droppable(parseMappings(maps), "/opt/agent", section, 4_096)).toEqual(text);
});

test.skipIf(process.platform !== "linux")(
  "drop() takes pages of the program from this process, which goes on",
  () => {
    const pages = ProgramPages.open();
    const before = residentFileKb();
    expect(pages?.drop()).toBeGreaterThan(50_000_000);
    expect(residentFileKb()).toBeLessThan(before - 10_000);
    // Its code comes back where it is needed.
    expect(JSON.parse(JSON.stringify({ a: ["b".repeat(3)] }))).toEqual({ a: ["bbb"] });
    Bun.gc(true);
    expect(pages?.drop()).toBeGreaterThan(50_000_000);
  },
);

test.skipIf(process.platform !== "linux")(
  "divide() leaves no piece of the program larger than 16 KiB, and drop() knows the pieces",
  () => {
    const fixture = join(import.meta.dir, "program_pages.fixture.ts");
    const { stdout } = Bun.spawnSync([process.execPath, fixture]);
    const seen = z.record(z.string(), z.unknown()).parse(JSON.parse(stdout.toString()));
    expect(seen).toMatchObject({ largestBytes: 16_384, echo: { a: ["bbb"] } });
    expect(seen["bytes"]).toBe(seen["beforeBytes"]);
    expect(Number(seen["pieces"])).toBeGreaterThan(Number(seen["bytes"]) / 16_384);
    expect(Number(seen["droppedBytes"])).toBeGreaterThan(50_000_000);
  },
);

test.skipIf(process.platform !== "linux")("elfSection() finds a section by its name", () => {
  const section = elfSection(process.execPath, ".rodata");
  expect(section?.bytes).toBeGreaterThan(1_000_000);
  expect(elfSection(process.execPath, ".no_such")).toBeUndefined();
  expect(elfSection(import.meta.path, ".rodata")).toBeUndefined();
});

/** What this process has mapped of files. */
function residentFileKb(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(status)?.[1]);
}
