import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatingError } from "#shared/errors.ts";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { removeS3, s3Missing, startS3 } from "#test/support/s3.ts";
import { cutOf, gauge, lines, openTestStore, sampleTexts } from "./store.fixture.ts";
import { streamLists } from "../query/stream_lists.ts";

const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6 };
const allLogs = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: 0n,
  endNs: 10n ** 18n,
  limit: 100,
};

type Place = { readonly config: Record<string, unknown>; remove(): Promise<void> };

const places: Record<string, { missing: string | undefined; make: () => Promise<Place> }> = {
  "file and SQLite": {
    missing: undefined,
    make: () => Promise.resolve({ config: {}, remove: () => Promise.resolve() }),
  },
  "s3 and PostgreSQL": {
    missing: s3Missing ?? postgresMissing,
    async make() {
      const [s3, postgres] = await Promise.all([startS3(), startPostgres()]);
      return {
        config: {
          url: `s3://${s3.bucket}/some/prefix`,
          s3: {
            endpoint: s3.endpoint,
            access_key_id: s3.accessKeyId,
            secret_access_key: s3.secretAccessKey,
          },
          catalog: postgres.url,
        },
        async remove() {
          await Promise.all([removeS3(s3), postgres.stop()]);
        },
      };
    },
  },
};

for (const [name, { missing, make }] of Object.entries(places)) {
  const title = missing === undefined ? name : `${name} (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(title, () => {
    const dataDir = mkdtempSync(join(tmpdir(), "lapwing store 100% #?'-"));
    let place: Place | undefined;
    const open = () => openTestStore(dataDir, place?.config ?? {});
    beforeAll(async () => {
      place = await make();
    });
    afterAll(async () => {
      await place?.remove();
      rmSync(dataDir, { recursive: true, force: true });
    });

    test("commit() makes samples, records, families and positions visible, also after opening again", async () => {
      const store = await open();
      if (place?.config["catalog"] === undefined)
        expect(existsSync(join(dataDir, "catalog.db"))).toBe(true);
      let visibleWhenPublished = -1;
      const blocks = await store.commit(
        cutOf(
          { metrics: [gauge("up", [1_000, 2_000], [1, 0])], logs: lines("app", ["one", "two"]) },
          7,
        ),
        () => (visibleWhenPublished = store.view().blocks.length),
      );
      expect(visibleWhenPublished).toBe(2);
      expect(blocks.map(({ signal, items }) => [signal, items])).toEqual([
        ["metrics", 2],
        ["logs", 2],
      ]);
      await store.saveAgent({
        tenant: "t",
        agent: "a",
        name: "host",
        heartbeat: "{}",
        lastSeenMs: 5,
      });
      await store.saveAgent({
        tenant: "t",
        agent: "a",
        name: "host",
        heartbeat: "{}",
        lastSeenMs: 6,
      });
      await store.close();

      const again = await open();
      expect(await again.recover()).toEqual({
        lanes: [...cutOf({}, 7).lanes],
        carrier: { p: { incarnation: "i", sequence: 7 } },
      });
      expect(again.families("t").map((family) => family.name)).toEqual(["up"]);
      expect((await again.listAgents()).map(({ lastSeenMs }) => lastSeenMs)).toEqual([6]);
      const view = again.view();
      expect(sampleTexts(await view.metrics.select({ ...everything, matchers: [] }))).toEqual([
        "up 1000=1 2000=0",
      ]);
      const records = await view.logs.select({ ...allLogs, direction: "forward" });
      expect(records.map(({ body, stream }) => [stream["app"], body])).toEqual([
        ["app", "one"],
        ["app", "two"],
      ]);
      const found = await again.view().metrics.series({ ...everything, selectors: [] });
      expect(await found.labels()).toHaveLength(1);
      expect(
        await streamLists((some, visit) => again.view().logs.eachStream(some, visit)).series({
          ...everything,
          selectors: [],
        }),
      ).toEqual([{ app: "app" }]);
      await again.close();
    });

    test("maintain() merges many small blocks into one, and a view from before stays readable", async () => {
      const store = await open();
      const before = store.view().blocks.length;
      for (let i = 0; i < 20; i++)
        await store.commit(
          cutOf(
            {
              metrics: [gauge("m", [i * 1_000, i * 1_000 + 500], [i, i + 0.5])],
              logs: lines("x", [`line ${i}`], i),
            },
            8 + i,
          ),
          () => {},
        );
      const old = store.view();
      expect(old.blocks).toHaveLength(before + 40);
      await store.maintain();
      const merged = store.view();
      expect(merged.blocks).toHaveLength(2);
      const request = {
        ...everything,
        matchers: [{ name: "__name__", op: "=" as const, value: "m" }],
      };
      const samples = sampleTexts(await merged.metrics.select(request));
      expect(samples).toEqual(sampleTexts(await old.metrics.select(request)));
      expect(samples[0]?.split(" ")).toHaveLength(41);
      const logs = { ...allLogs, direction: "backward" as const };
      expect(await merged.logs.select(logs)).toEqual(await old.logs.select(logs));
      await store.close();
      const again = await open();
      expect(again.view().blocks).toHaveLength(2);
      expect(sampleTexts(await again.view().metrics.select(request))).toEqual(samples);
      await again.close();
    });

    test("maintain() forgets blocks past retention, and deletes their files after the delay", async () => {
      const store = await openTestStore(
        dataDir,
        {
          ...place?.config,
          retention: { metrics: "1d", logs: "1d" },
          delete_after: "0s",
        },
        { nowMs: Date.now() },
      );
      expect(store.view().blocks).toHaveLength(2);
      await store.maintain();
      expect(store.view().blocks).toHaveLength(0);
      await store.maintain();
      await store.close();
    });
  });
}

test("selectSamples() refuses what is over its limit, and stops when asked to", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "lapwing-store-"));
  const store = await openTestStore(dataDir, {});
  await store.commit(cutOf({ metrics: [gauge("up", [1, 2, 3], [1, 2, 3])] }, 1), () => {});
  const request = { ...everything, matchers: [] };
  const refused = store.view().metrics.select({ ...request, samplesMax: 2 });
  expect(await refused.catch((error: unknown) => error)).toMatchObject({ code: "overloaded" });
  const stopped = store.view().metrics.select({ ...request, signal: AbortSignal.abort() });
  expect(await stopped.catch((error: unknown) => error)).toBeInstanceOf(OperatingError);
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});
