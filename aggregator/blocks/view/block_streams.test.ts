import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { streamLists } from "../../query/stream_lists.ts";
import { cutOf, lines, openTestStore } from "../../read/store.fixture.ts";

const dataDir = mkdtempSync(join(tmpdir(), "lapwing-streams-"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const everything = { tenant: "t", selectors: [], startMs: 0, endMs: 1e15 };
const manyStreams = 21_000;

test("streams of blocks are listed, of many and of few streams, in part of their times", async () => {
  const store = await openTestStore(dataDir, {});
  const few = lines("few", ["one", "two"], 50_000);
  const texts = Array.from({ length: manyStreams }, (_, i) => `line ${i}`);
  const many = {
    ...lines("many", texts),
    streams: texts.map((_, i) => ({ app: "many", pod: `pod-${i}` })),
    streamOf: Uint32Array.from(texts, (_, i) => i),
  };
  await store.commit(cutOf({ logs: few }, 1), () => {});
  await store.commit(cutOf({ logs: many }, 2), () => {});
  const lists = () => streamLists((request, visit) => store.view().logs.eachStream(request, visit));
  for (const again of [false, true]) {
    expect([again, (await lists().series(everything)).length]).toEqual([again, manyStreams + 1]);
    expect(await lists().labelValues("app", everything)).toEqual(["few", "many"]);
    expect(await lists().labelNames(everything)).toEqual(["app", "pod"]);
    expect(await lists().labelValues("pod", { ...everything, endMs: 2 })).toEqual([
      "pod-0",
      "pod-1",
      "pod-2",
    ]);
  }
  const one = [{ name: "pod", op: "=" as const, value: "pod-20999" }];
  expect(await lists().series({ ...everything, selectors: [one] })).toEqual([
    { app: "many", pod: "pod-20999" },
  ]);
  const ended = new AbortController();
  ended.abort();
  const failure = lists()
    .series({ ...everything, signal: ended.signal })
    .catch((thrown: unknown) => String(thrown));
  expect(await failure).toContain("cancelled");
  await store.close();
});
