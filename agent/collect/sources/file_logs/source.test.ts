import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { expect, test } from "bun:test";
import iconv from "iconv-lite";
import { TailHost } from "#test/support/tail_host.ts";
import { testUnprivileged } from "#test/support/unprivileged.ts";

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

/** A host whose app.log holds lines 0 to 9, read to its end. */
async function started(options: Record<string, unknown> = {}): Promise<TailHost> {
  const host = new TailHost();
  writeFileSync(host.path("app.log"), text(numbered(0, 10)));
  host.start(options);
  await host.untilLines(10);
  return host;
}

/** Writes a last line into a file and waits for it: whatever came before it must be there, too. */
async function expectExactly(host: TailHost, lines: readonly string[]): Promise<void> {
  appendFileSync(host.path("marker.log"), "marker\n");
  await host.until(
    () => host.texts().includes("marker") && host.lines.length >= lines.length + 1,
    `the marker, after ${lines.length} lines`,
  );
  expect(host.texts().filter((line) => line !== "marker")).toEqual([...lines]);
}

test("a file that was there shows its last lines, and what is appended", async () => {
  await using host = new TailHost();
  writeFileSync(host.path("app.log"), text(numbered(0, 500)));
  host.start({ tail_lines: 3 });
  await host.untilLines(3);
  appendFileSync(host.path("app.log"), text(["more"]));
  await host.untilLines(4);
  expect(host.texts()).toEqual(["line 497", "line 498", "line 499", "more"]);
  expect(host.lines[0]?.filename).toBe(host.path("app.log"));
});

test("start_at: beginning reads a file whole; tail_lines: 0 only what is new", async () => {
  await using whole = await started({ start_at: "beginning", tail_lines: 3 });
  expect(whole.texts()).toEqual(numbered(0, 10));
  await using none = new TailHost();
  writeFileSync(none.path("app.log"), text(numbered(0, 10)));
  none.start({ tail_lines: 0 });
  await none.until(() => none.checkpoints.size === 2, "its position");
  await none.stop();
  appendFileSync(none.path("app.log"), text(["after the restart"]));
  none.start({ tail_lines: 0 });
  await none.untilLines(1);
  expect(none.texts()).toEqual(["after the restart"]);
});

test("a file that appears later is read whole, also when we did not run", async () => {
  await using host = await started();
  writeFileSync(host.path("late.log"), text(numbered(10, 300)));
  await host.untilLines(300);
  await host.stop();
  writeFileSync(host.path("later.log"), text(numbered(300, 600)));
  host.start();
  await host.untilLines(600);
  expect(host.texts()).toEqual(numbered(0, 600));
});

test("lines keep the order of reading in their timestamps", async () => {
  await using host = await started();
  appendFileSync(host.path("app.log"), text(numbered(10, 3_000)));
  await host.untilLines(3_000);
  const times = host.lines.map((line) => line.time);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(Math.abs((times.at(-1) ?? 0) - Date.now())).toBeLessThan(60_000);
});

test("a restart goes on from the stored position, also after a kill", async () => {
  await using host = await started();
  await host.kill();
  appendFileSync(host.path("app.log"), text(numbered(10, 20)));
  host.start();
  await host.untilLines(20);
  await expectExactly(host, numbered(0, 20));
});

test("rename and create: the old file is read to its end, the new one from its beginning", async () => {
  await using host = await started();
  appendFileSync(host.path("app.log"), text(numbered(10, 15)));
  renameSync(host.path("app.log"), host.path("app.log.1"));
  appendFileSync(host.path("app.log.1"), text(numbered(15, 20)));
  writeFileSync(host.path("app.log"), text(numbered(20, 30)));
  await expectExactly(host, numbered(0, 30));
  expect(new Set(host.lines.map((line) => line.filename))).toEqual(
    new Set([host.path("app.log"), host.path("marker.log")]),
  );
});

test("rename and create while we did not run, several times: every generation is read", async () => {
  await using host = await started();
  await host.stop();
  appendFileSync(host.path("app.log"), text(numbered(10, 20)));
  renameSync(host.path("app.log"), host.path("app.log.3"));
  for (const n of [2, 1]) {
    await Bun.sleep(20);
    writeFileSync(host.path(`app.log.${n}`), text(numbered(40 - n * 10, 50 - n * 10)));
  }
  await Bun.sleep(20);
  writeFileSync(host.path("app.log"), text(numbered(40, 50)));
  host.start();
  await host.untilLines(50);
  await expectExactly(host, numbered(0, 50));
});

test("generations from before the first start are left alone", async () => {
  await using host = new TailHost();
  writeFileSync(host.path("app.log.1"), text(["old"]));
  await Bun.sleep(20);
  writeFileSync(host.path("app.log"), text(["new"]));
  host.start();
  await host.untilLines(1);
  renameSync(host.path("app.log.1"), host.path("app.log.2"));
  renameSync(host.path("app.log"), host.path("app.log.1"));
  writeFileSync(host.path("app.log"), text(["newer"]));
  await expectExactly(host, ["new", "newer"]);
});

for (const glob of ["*.log", "*.log*"]) {
  const start = (host: TailHost) => host.start({ paths: [host.path(glob)] });

  test(`copy and truncate under ${glob}: the rest is read from the copy, nothing twice`, async () => {
    await using host = new TailHost();
    writeFileSync(host.path("app.log"), text(numbered(0, 10)));
    start(host);
    await host.untilLines(10);
    for (let round = 1; round <= 3; round++) {
      appendFileSync(host.path("app.log"), text(numbered(round * 10, round * 10 + 10)));
      if (round > 1) renameSync(host.path("app.log.1"), host.path(`app.log.${round}`));
      copyFileSync(host.path("app.log"), host.path("app.log.1"));
      truncateSync(host.path("app.log"), 0);
      await host.untilLines(round * 10 + 10);
    }
    appendFileSync(host.path("app.log"), text(numbered(40, 50)));
    await expectExactly(host, numbered(0, 50));
  });

  test(`copy and truncate while we did not run, under ${glob}`, async () => {
    await using host = new TailHost();
    writeFileSync(host.path("app.log"), text(numbered(0, 10)));
    start(host);
    await host.untilLines(10);
    await host.kill();
    appendFileSync(host.path("app.log"), text(numbered(10, 20)));
    copyFileSync(host.path("app.log"), host.path("app.log.1"));
    truncateSync(host.path("app.log"), 0);
    appendFileSync(host.path("app.log"), text(numbered(20, 90)));
    start(host);
    await host.untilLines(90);
    await expectExactly(host, numbered(0, 90));
  });

  test(`a copy that stays beside its original is not read, under ${glob}`, async () => {
    await using host = new TailHost();
    writeFileSync(host.path("app.log"), text(numbered(0, 10)));
    start(host);
    await host.untilLines(10);
    copyFileSync(host.path("app.log"), host.path("app.log.1"));
    appendFileSync(host.path("app.log"), text(numbered(10, 20)));
    await host.untilLines(20);
    await expectExactly(host, numbered(0, 20));
    // The original was read on after it was copied, and is truncated only now.
    truncateSync(host.path("app.log"), 0);
    appendFileSync(host.path("app.log"), text(["after"]));
    await host.until(() => host.texts().includes("after"), "the line after");
    expect(host.lines.filter((line) => line.body === "line 3")).toHaveLength(1);
  });
}

test("truncation without a copy, even when the file is longer than before at once", async () => {
  await using host = await started();
  truncateSync(host.path("app.log"), 0);
  appendFileSync(host.path("app.log"), text(numbered(100, 200)));
  await expectExactly(host, [...numbered(0, 10), ...numbered(100, 200)]);
});

test("removed and created again, also with the inode used again", async () => {
  await using host = await started();
  unlinkSync(host.path("app.log"));
  writeFileSync(host.path("app.log"), text(numbered(10, 60)));
  await host.untilLines(60);
  await host.stop();
  unlinkSync(host.path("app.log"));
  writeFileSync(host.path("app.log"), text(numbered(60, 200)));
  host.start();
  await expectExactly(host, numbered(0, 200));
});

test("an unfinished line is held until it is finished", async () => {
  await using host = await started();
  appendFileSync(host.path("app.log"), "unfin");
  appendFileSync(host.path("other.log"), "whole\n");
  await host.untilLines(11);
  await host.stop();
  host.start();
  appendFileSync(host.path("app.log"), "ished\n");
  await host.untilLines(12);
  expect(host.texts().slice(10)).toEqual(["whole", "unfinished"]);
});

test("the unfinished last line of a rotated file is a line", async () => {
  await using host = await started();
  appendFileSync(host.path("app.log"), "the end");
  renameSync(host.path("app.log"), host.path("app.log.1"));
  await host.untilLines(11);
  expect(host.texts().at(-1)).toBe("the end");
});

test("CRLF, empty lines and a byte order mark", async () => {
  await using host = new TailHost();
  host.start({ start_at: "beginning" });
  writeFileSync(host.path("a.log"), "\ufefffirst\r\n\r\nthird\rstill\n\n");
  await host.untilLines(4);
  expect(host.texts()).toEqual(["first", "", "third\rstill", ""]);
  expect(host.bodies[0]).toEqual(new Uint8Array(Buffer.from("first")));
});

test("keep_carriage_return keeps lines byte for byte", async () => {
  await using host = new TailHost();
  const [plain, joined] = ["first\r\n\r\nsecond\r\r\nthird\n", "a\r\n b\r\nc\n"];
  writeFileSync(host.path("a.log"), plain);
  host.start({ start_at: "beginning", keep_carriage_return: true });
  await host.untilLines(4);
  expect(host.texts()).toEqual(["first\r", "\r", "second\r\r", "third"]);
  await using other = new TailHost();
  writeFileSync(other.path("a.log"), joined);
  const multiline = { mode: "indented", flush_timeout: "50ms" };
  other.start({ start_at: "beginning", keep_carriage_return: true, multiline });
  await other.untilLines(2);
  expect(other.texts()).toEqual(["a\r\n b\r", "c"]);
});

for (const encoding of ["utf-16le", "utf-16be", "latin1", "windows-1252", "shift_jis"]) {
  test(`${encoding} becomes UTF-8`, async () => {
    await using host = new TailHost();
    // In UTF-16, U+0A0A and U+010A have bytes that look like line ends.
    const wide = encoding.startsWith("utf") ? "\u0a0a\u010a ü 表" : "";
    const lines = [encoding === "shift_jis" ? "表ソ能 ログ" : `Grüße é${wide}`, "plain", ""];
    const hasMark = encoding.startsWith("utf-16");
    const bytes = iconv.encode(lines.map((line) => `${line}\r\n`).join(""), encoding, {
      addBOM: hasMark,
    });
    host.start({ encoding });
    writeFileSync(host.path("a.log"), bytes.subarray(0, 7));
    appendFileSync(host.path("a.log"), bytes.subarray(7));
    await host.untilLines(3);
    await host.stop();
    appendFileSync(host.path("a.log"), iconv.encode("again é\n", encoding, { addBOM: false }));
    host.start({ encoding });
    await host.untilLines(4);
    expect(host.texts()).toEqual(
      [...lines, "again é"].map((line) =>
        encoding === "shift_jis" ? line.replace("é", "?") : line,
      ),
    );
  });
}

test("bytes that are not UTF-8 are kept as they are", async () => {
  await using host = await started();
  const bytes = Uint8Array.of(0x41, 0xff, 0xc3, 0x00, 0x42);
  appendFileSync(host.path("app.log"), Buffer.concat([bytes, Buffer.from("\n")]));
  await host.untilLines(11);
  expect(host.bodies[10]).toEqual(bytes);
});

test("a long line is cut, marked and counted, and the next one is whole", async () => {
  await using host = await started({ line_size_max: "100B" });
  const path = host.path("app.log");
  appendFileSync(path, `${"x".repeat(100)}\r\n${"y".repeat(99)}ü\n`);
  await host.untilLines(12);
  for (let i = 0; i < 20; i++) appendFileSync(path, "z".repeat(50_000));
  await host.untilLines(13);
  await host.stop();
  appendFileSync(path, "zzz\nshort\n");
  host.start({ line_size_max: "100B" });
  await host.untilLines(14);
  expect(host.texts().slice(10)).toEqual([
    "x".repeat(100),
    "y".repeat(99),
    "z".repeat(100),
    "short",
  ]);
  expect(host.lines.slice(10).map((line) => line.truncated)).toEqual([false, true, true, false]);
  expect(host.truncated).toBe(2);
});

test("a file reached by two links is read once; a link that moves on is followed", async () => {
  await using host = new TailHost();
  mkdirSync(host.path("real"));
  writeFileSync(host.path("real/one"), text(numbered(0, 5)));
  symlinkSync("real/one", host.path("a.log"));
  symlinkSync("real/one", host.path("b.log"));
  symlinkSync("nowhere", host.path("c.log"));
  host.start();
  await host.untilLines(5);
  unlinkSync(host.path("b.log"));
  unlinkSync(host.path("a.log"));
  writeFileSync(host.path("real/two"), text(numbered(5, 10)));
  symlinkSync("real/two", host.path("a.log"));
  await expectExactly(host, numbered(0, 10));
});

test("compressed files are excluded, folders are descended into", async () => {
  await using host = new TailHost();
  mkdirSync(host.path("deep/er"), { recursive: true });
  writeFileSync(host.path("deep/er/a.txt"), text(["deep"]));
  writeFileSync(host.path("deep/b.gz"), text(["no"]));
  host.start({ paths: [host.path("**/*")] });
  await host.untilLines(1);
  await expectExactly(host, ["deep"]);
});

test("positions of removed files are forgotten only while their folder can be seen", async () => {
  await using host = await started({ rotate_wait: "0s" });
  rmSync(host.path("app.log"));
  await expectExactly(host, numbered(0, 10));
  expect([...host.checkpoints.values()].some((value) => value.includes("app.log"))).toBe(true);
});

test("more files than may be open, and more than may be followed", async () => {
  await using host = new TailHost();
  const names = Array.from({ length: 40 }, (_, i) => `f${i}.log`);
  for (const name of names) writeFileSync(host.path(name), text([name]));
  host.start({ open_files_max: 4, files_max: 30 });
  await host.until(() => host.lines.length === 30 && host.problem !== undefined, "30 lines");
  expect(host.problem).toContain("files_max");
  for (const name of names) appendFileSync(host.path(name), text([`${name} again`]));
  await host.untilLines(60);
  expect(new Set(host.texts()).size).toBe(60);
});

testUnprivileged(
  import.meta.path,
  "a file that may not be read is named in the status, its neighbours are read",
  async () => {
    await using host = await started();
    writeFileSync(host.path("secret.log"), text(["secret"]), { mode: 0 });
    await host.until(() => host.problem !== undefined, "the status");
    expect(host.problem).toContain("secret.log");
    appendFileSync(host.path("app.log"), text(["more"]));
    await host.untilLines(11);
    expect(host.texts()).not.toContain("secret");
  },
);

test("batches stay within their limits", async () => {
  await using host = new TailHost();
  const sizes: [records: number, bytes: number][] = [];
  host.onBatch = (batch) => void sizes.push([batch.bodyEnds.length, batch.bodies.length]);
  writeFileSync(host.path("a.log"), "\n".repeat(100_000));
  writeFileSync(host.path("b.log"), text(numbered(0, 200_000)));
  host.start({ start_at: "beginning" });
  await host.untilLines(300_000);
  expect(Math.max(...sizes.map(([records]) => records))).toBeLessThanOrEqual(16_384);
  expect(Math.max(...sizes.map(([, bytes]) => bytes))).toBeLessThanOrEqual(512 * 1_024);
  expect(host.texts().filter((line) => line !== "")).toEqual(numbered(0, 200_000));
});

test("a file whose name is not UTF-8 is reported, and the others are read", async () => {
  await using host = new TailHost();
  const name = Buffer.concat([
    Buffer.from(host.path("caf")),
    Buffer.from([0xe9]),
    Buffer.from(".log"),
  ]);
  writeFileSync(name, "unread\n");
  writeFileSync(host.path("app.log"), text(numbered(0, 3)));
  host.start({ start_at: "beginning" });
  await host.untilLines(3);
  await host.until(() => host.problem !== undefined, "the status");
  expect(host.problem).toContain("caf\ufffd.log: its name is not UTF-8");
});

test("a hole of a sparse file is passed over, and what follows is read", async () => {
  await using host = new TailHost();
  writeFileSync(host.path("app.log"), text(["before"]));
  truncateSync(host.path("app.log"), 2 ** 40);
  appendFileSync(host.path("app.log"), text(["end of the hole's line", "after"]));
  host.start({ start_at: "beginning", line_size_max: "64KiB" });
  await host.until(() => host.texts().includes("after"), "the line behind the hole");
  expect(host.texts().map((line) => line.replaceAll("\0", ""))).toEqual(["before", "", "after"]);
});
