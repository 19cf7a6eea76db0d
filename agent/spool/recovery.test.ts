import { afterEach, expect, test } from "bun:test";
import { mkdir, readFile, readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  array,
  assert as assertAlways,
  asyncProperty,
  constant,
  nat,
  oneof,
  record,
} from "fast-check";
import { FrameKind } from "#proto/gen/v1/frame_pb.js";
import { messageOf } from "#shared/errors.ts";
import { comparePositions, origin } from "#shared/model/position.ts";
import {
  copyAsCrashed,
  logsOf,
  openTestSpool,
  readAll,
  removeFolder,
  syncAll,
  temporaryFolder,
  textOf,
} from "#test/support/spool.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await removeFolder(folder);
});

/** A spool of one segment with these lines, a frame and a checkpoint each, left as by a kill. */
async function spoolOf(lines: readonly string[]): Promise<string> {
  const { spool, folder } = await openTestSpool(await temporaryFolder());
  for (const [i, line] of lines.entries())
    await spool.logs.write(logsOf(line), { at: String(i + 1) });
  const copy = await copyAsCrashed(folder);
  await spool.close();
  folders.push(folder, copy);
  return copy;
}

async function segmentsOf(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, "logs"));
  return names.filter((name) => name.endsWith(".seg")).map((name) => join(folder, "logs", name));
}

async function setAsideOf(folder: string): Promise<string[]> {
  return (await readdir(join(folder, "logs"))).filter((name) => name.includes(".corrupt-"));
}

const dataOf = async (spool: Parameters<typeof readAll>[0]): Promise<string[]> =>
  (await readAll(spool, "logs")).filter(({ header }) => header.kind === FrameKind.DATA).map(textOf);

test("a segment that is a folder is refused with its path", async () => {
  const folder = await temporaryFolder();
  folders.push(folder);
  const path = join(folder, "logs", "7.seg");
  await mkdir(path, { recursive: true });
  const refusal = await openTestSpool(folder).then(String, messageOf);
  expect(refusal).toStartWith(`cannot read ${path}: EISDIR`);
});

test("a crash at every byte of the tail: the whole frames are kept, the torn one is cut off", async () => {
  const folder = await spoolOf(["first", "second", "third"]);
  const [path = ""] = await segmentsOf(folder);
  const bytes = await readFile(path);
  const lengths = Array.from({ length: bytes.length }, (_, i) => i);
  const { spool: whole, folder: copy } = await openTestSpool(await copyAsCrashed(folder));
  folders.push(copy);
  const ends: number[] = [];
  for (const frame of await readAll(whole, "logs"))
    ends.push((ends.at(-1) ?? 0) + frame.bytes.length);
  await whole.close();
  for (const length of lengths) {
    await writeFile(path, bytes.subarray(0, length));
    const { spool } = await openTestSpool(folder);
    const kept = ends.filter((end) => end <= length).length;
    expect([length, (await readAll(spool, "logs")).length]).toEqual([length, kept]);
    expect(spool.logs.checkpoints().get("at")).toBe(kept < 2 ? undefined : String(kept - 1));
    expect(await setAsideOf(folder)).toEqual([]);
    await spool.logs.write(logsOf("after"));
    await syncAll(spool);
    const lines = ["first", "second", "third"].slice(0, Math.max(0, kept - 1));
    expect(await dataOf(spool)).toEqual([...lines, "after"]);
    await spool.close();
    for (const one of await segmentsOf(folder)) await removeFolder(one);
  }
});

test("a flipped bit at every byte in the middle: good frames are kept, the rest set aside and its loss named", async () => {
  const folder = await spoolOf(["first", "second", "third", "fourth"]);
  const [path = ""] = await segmentsOf(folder);
  const bytes = await readFile(path);
  const { spool: whole, folder: copy } = await openTestSpool(await copyAsCrashed(folder));
  folders.push(copy);
  const frames = await readAll(whole, "logs");
  await whole.close();
  const epoch = frames[0]?.header.epoch ?? 0;
  const start = (i: number): number =>
    frames.slice(0, i).reduce((sum, frame) => sum + frame.bytes.length, 0);
  for (let at = start(2); at < start(3); at++) {
    const damaged = Uint8Array.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    await writeFile(path, damaged);
    const { spool, metrics } = await openTestSpool(folder);
    expect([at, await dataOf(spool)]).toEqual([at, ["first"]]);
    const [aside = ""] = await setAsideOf(folder);
    expect(aside).toBe(`${epoch}.seg.corrupt-${start(2)}`);
    expect(await readFile(join(folder, "logs", aside))).toEqual(
      Buffer.from(damaged.subarray(start(2))),
    );
    // Frames behind the damage may have been delivered: what they say of the lane still holds.
    expect(spool.logs.checkpoints().get("at")).toBe("4");
    await spool.logs.write(logsOf("after"));
    await syncAll(spool);
    const answer = spool.logs.nextAfter({ epoch, sequence: 2 });
    expect(answer.lostReason).toBe("spool_corrupt");
    const next = (await readAll(spool, "logs")).find(
      ({ header }) => comparePositions(header, { epoch, sequence: 5 }) > 0,
    );
    expect(next?.header).toMatchObject({
      previousEpoch: epoch,
      previousSequence: 5,
      itemsTotal: 4,
    });
    expect(answer.next).toEqual({ epoch: next?.header.epoch ?? 0, sequence: 1 });
    expect(await metrics.text()).toContain(
      'lapwing_spool_dropped_items_total{signal="logs",reason="spool_corrupt"} 3',
    );
    await spool.close();
    const { spool: again } = await openTestSpool(folder);
    expect(again.logs.nextAfter({ epoch, sequence: 2 }).lostReason).toBe("spool_corrupt");
    await again.close();
    for (const name of await readdir(join(folder, "logs")))
      await removeFolder(join(folder, "logs", name));
  }
});

test("damage of a closed segment that is found while reading costs that segment's rest only", async () => {
  const folder = await temporaryFolder();
  folders.push(folder);
  const first = await openTestSpool(folder, { segment_size: "64KiB" });
  for (let i = 0; i < 40; i++) await first.spool.logs.write(logsOf(`${i} ${"x".repeat(4_000)}`));
  await first.spool.close();
  const { spool, metrics } = await openTestSpool(folder, { segment_size: "64KiB" });
  const path = (await segmentsOf(folder)).toSorted()[1] ?? "";
  const bytes = await readFile(path);
  bytes[bytes.length - 100] = 0;
  await writeFile(path, bytes);
  const lines = (await dataOf(spool)).map((line) => Number.parseInt(line, 10));
  expect(lines).toHaveLength(39);
  expect(await setAsideOf(folder)).toHaveLength(1);
  expect(await metrics.text()).toContain('reason="spool_corrupt"} 1');
  await spool.close();
});

test("a segment of nothing but garbage is set aside whole", async () => {
  const folder = await spoolOf(["first"]);
  const [path = ""] = await segmentsOf(folder);
  await writeFile(path, "garbage that is longer than a preamble");
  const { spool } = await openTestSpool(folder);
  expect(await readAll(spool, "logs")).toEqual([]);
  expect(await setAsideOf(folder)).toHaveLength(1);
  await spool.logs.write(logsOf("after"));
  await syncAll(spool);
  expect(await dataOf(spool)).toEqual(["after"]);
  await spool.close();
});

test("an unreadable memo starts over", async () => {
  const folder = await spoolOf(["first"]);
  await writeFile(join(folder, "logs", "memo.json"), "{");
  const { spool } = await openTestSpool(folder);
  expect(spool.committedPosition("logs")).toEqual(origin);
  expect(await dataOf(spool)).toEqual(["first"]);
  await spool.close();
});

test("whatever is written, rolled, killed, torn and committed, what is left is what was written, in order", async () => {
  const step = oneof(
    { weight: 6, arbitrary: record({ do: constant("write" as const), n: nat(900) }) },
    { weight: 1, arbitrary: record({ do: constant("roll" as const), n: nat(1) }) },
    { weight: 2, arbitrary: record({ do: constant("kill" as const), n: nat(40) }) },
    { weight: 2, arbitrary: record({ do: constant("commit" as const), n: nat(20) }) },
  );
  await assertAlways(
    asyncProperty(array(step, { maxLength: 40 }), async (steps) => {
      let { spool, folder } = await openTestSpool(await temporaryFolder(), {
        segment_size: "2KiB",
      });
      const used = [folder];
      const lines: string[] = [];
      let committed = origin;
      for (const { do: what, n } of steps) {
        if (what === "write") {
          lines.push(`${lines.length} ${"w".repeat(n)}`);
          await spool.logs.write(logsOf(lines.at(-1) ?? ""), { lines: String(lines.length) });
          await syncAll(spool);
        } else if (what === "roll") {
          await readAll(spool, "logs");
          spool.logs.newEpoch();
        } else if (what === "commit") {
          const frames = await readAll(spool, "logs", committed);
          const { epoch, sequence } = frames[n % Math.max(1, frames.length)]?.header ?? committed;
          committed = { epoch, sequence };
          await spool.committed("logs", committed);
        } else {
          const copy = await copyAsCrashed(folder);
          await spool.close();
          const newest = (await segmentsOf(copy)).toSorted().at(-1);
          // Half a frame that was being written when the end came.
          if (newest !== undefined && n > 0)
            await writeFile(newest, "LWF".padEnd(n, "\u0001"), { flag: "a" });
          folder = copy;
          used.push(copy);
          ({ spool } = await openTestSpool(copy, { segment_size: "2KiB" }));
        }
      }
      const held = (await readAll(spool, "logs", committed)).filter(
        ({ header }) => header.items > 0,
      );
      const before = held[0]?.header.itemsTotal ?? lines.length + 1;
      expect(held.map(textOf)).toEqual(lines.slice(before - 1));
      if (comparePositions(committed, origin) === 0) expect(held).toHaveLength(lines.length);
      expect(spool.logs.checkpoints().get("lines") ?? "0").toBe(String(lines.length));
      await spool.close();
      for (const one of used) await removeFolder(one);
    }),
    { numRuns: 40 },
  );
}, 60_000);

test("a segment that was cut to nothing by a crash is no segment", async () => {
  const folder = await spoolOf(["first"]);
  const [path = ""] = await segmentsOf(folder);
  await truncate(path, 0);
  const { spool } = await openTestSpool(folder);
  expect(spool.logs.files.count).toBe(0);
  expect(await segmentsOf(folder)).toEqual([]);
  await spool.close();
});
