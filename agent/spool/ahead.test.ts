import { afterEach, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Position } from "#shared/model/position.ts";
import type { TestSpool } from "#test/support/spool.ts";
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

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function open(folder: string): Promise<TestSpool> {
  const opened = await openTestSpool(folder);
  closers.push(async () => {
    await opened.spool.close();
    await removeFolder(folder);
  });
  return opened;
}

/** Three epochs, the second and third marked, with a line each. Gives where each ends. */
async function threeEpochs({ spool }: TestSpool): Promise<Position[]> {
  const ends: Position[] = [];
  for (const line of ["one", "two", "three"]) {
    if (line !== "one") await spool.logs.openAhead();
    await spool.logs.write(logsOf(line));
    await syncAll(spool);
    ends.push(spool.logs.files.synced.position);
  }
  return ends;
}

const linesOf = async ({ spool }: TestSpool): Promise<string[]> =>
  (await readAll(spool, "logs")).filter(({ header }) => header.items > 0).map(textOf);

test("a spool lets a segment go that is committed while one before it is not, also after a crash", async () => {
  const agent = await open(await temporaryFolder());
  const [first, second] = await threeEpochs(agent);
  const { files } = agent.spool.logs;
  expect(files.backlog).toMatchObject({ items: 2 });
  const to = second ?? { epoch: 0, sequence: 0 };
  const ahead = [{ from: { epoch: to.epoch, sequence: 0 }, to }];
  await agent.spool.committed("logs", { epoch: 0, sequence: 0 }, ahead);
  expect(await linesOf(agent)).toEqual(["one", "three"]);
  expect(files.backlog).toMatchObject({ items: 1 });
  await agent.spool.close();
  const again = await open(await copyAsCrashed(agent.folder));
  expect(again.spool.logs.files.liveEpoch).toBe(files.liveEpoch);
  await again.spool.committed("logs", first ?? to);
  expect(await linesOf(again)).toEqual(["three"]);
  expect(again.spool.logs.files.backlog).toEqual({ bytes: 0, items: 0, oldestMs: 0 });
});
test("a spool keeps a segment of which only a part is committed beyond the position", async () => {
  const agent = await open(await temporaryFolder());
  const [, second] = await threeEpochs(agent);
  const epoch = second?.epoch ?? 0;
  const ahead = [{ from: { epoch, sequence: 0 }, to: { epoch, sequence: 1 } }];
  await agent.spool.committed("logs", { epoch: 0, sequence: 0 }, ahead);
  expect(await linesOf(agent)).toEqual(["one", "two", "three"]);
});
test("a spool reads a memo of before there was anything ahead", async () => {
  const agent = await open(await temporaryFolder());
  const [first] = await threeEpochs(agent);
  await agent.spool.committed("logs", first ?? { epoch: 0, sequence: 0 });
  await agent.spool.close();
  const memo = JSON.parse(await readFile(join(agent.folder, "logs/memo.json"), "utf8"));
  expect(memo).toEqual({ committed: first, losses: [] });
  await writeFile(join(agent.folder, "logs/memo.json"), JSON.stringify(memo));
  const again = await open(await copyAsCrashed(agent.folder));
  expect(again.spool.committedPosition("logs")).toEqual(first ?? { epoch: 0, sequence: 0 });
});
test("openAhead() stops at eight marked epochs that are not committed", async () => {
  const agent = await open(await temporaryFolder());
  await agent.spool.logs.write(logsOf("line"));
  const opened: (number | undefined)[] = [];
  for (let i = 0; i < 10; i++) opened.push(await agent.spool.logs.openAhead());
  expect(opened.filter((epoch) => epoch !== undefined)).toHaveLength(8);
});
