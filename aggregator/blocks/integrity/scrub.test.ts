import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { removeS3, s3Missing, startS3 } from "#test/support/s3.ts";
import { StoreConfig } from "../config.ts";
import { openStore } from "../open_store.ts";
import { cutOf, gauge } from "../../read/store.fixture.ts";

const quiet = createLogger("error", () => {});

/** A store whose clock lets go of every sleep at once, as long as the scrub may run; it notes how long each should have been. */
async function scrubbing(dataDir: string, config: Record<string, unknown>) {
  const slept: number[] = [];
  let gate = Promise.withResolvers<void>();
  const passes = { wanted: 0 };
  const metrics = createSelfMetrics();
  let nowMs = 30 * 86_400_000;
  const clock = {
    ...systemClock,
    now: () => nowMs,
    async sleep(ms: number, signal?: AbortSignal) {
      slept.push(ms);
      // Maintenance stays out of it.
      if (ms === 10_000 || ms >= 86_400_000) await waitForAbort(signal);
      else if (passes.wanted === 0) await Promise.race([gate.promise, waitForAbort(signal)]);
      else await Bun.sleep(0);
    },
  };
  const store = await openStore(
    StoreConfig.parse({
      compaction: { interval: "1d", enabled: false },
      scrub: { rate: "1KiB" },
      ...config,
    }),
    { dataDir, clock, log: quiet, metrics },
  );
  return {
    store,
    slept,
    metrics,
    forward: (ms: number) => void (nowMs += ms),
    /** Runs passes that are due until the scrub says that one ended. */
    pass: async () => {
      const before = store.maintenanceState.scrub.lastPassMs;
      passes.wanted = 1;
      gate.resolve();
      while (store.maintenanceState.scrub.lastPassMs === before) await Bun.sleep(1);
      passes.wanted = 0;
      gate = Promise.withResolvers<void>();
    },
  };
}

function waitForAbort(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

test("the scrub finds damage that no query met, at its rate, and goes on after a restart when it is due", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "lapwing-scrub-"));
  const first = await scrubbing(dataDir, {});
  try {
    for (let i = 1; i <= 3; i++)
      await first.store.commit(cutOf({ metrics: [gauge("up", [i * 60_000], [i])] }, i), () => {});
    const { blocks } = first.store.view();
    const [, second] = blocks;
    if (second === undefined) throw new Error("no block");
    flip(join(dataDir, "blocks", second.key));
    await first.pass();
    const { damages, scrub } = first.store.maintenanceState;
    expect(damages).toMatchObject([{ block: { id: second.id }, reason: "checksum" }]);
    expect(scrub).toEqual({ lastPassMs: 30 * 86_400_000, doneBytes: 0, totalBytes: 0 });
    for (const { bytes } of blocks) expect(first.slept).toContain((bytes / 1_024) * 1_000);
    const total = blocks.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(await first.metrics.text()).toContain(`lapwing_store_scrubbed_bytes_total ${total}`);
  } finally {
    await first.store.close();
  }
  const again = await scrubbing(dataDir, {});
  try {
    while (again.store.maintenanceState.scrub.lastPassMs === 0) await Bun.sleep(1);
    expect(again.store.maintenanceState.scrub.lastPassMs).toBe(30 * 86_400_000);
    again.forward(7 * 86_400_000);
    await again.pass();
    expect(again.store.maintenanceState.damages).toHaveLength(1);
  } finally {
    await again.store.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test.skipIf(s3Missing !== undefined)(
  "of a bucket, a damaged copy is fetched again, and a damaged object is uploaded again from its copy (needs an S3 server)",
  async () => {
    const s3 = await startS3();
    const dataDir = mkdtempSync(join(tmpdir(), "lapwing-scrub-s3-"));
    const access = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey };
    const client = new Bun.S3Client({ ...access, endpoint: s3.endpoint, bucket: s3.bucket });
    const { store, pass, metrics, forward } = await scrubbing(dataDir, {
      url: `s3://${s3.bucket}/blocks`,
      s3: {
        endpoint: s3.endpoint,
        access_key_id: s3.accessKeyId,
        secret_access_key: s3.secretAccessKey,
      },
    });
    const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6 };
    const matchers = [{ name: "__name__", op: "=" as const, value: "up" }];
    const ask = async () =>
      (await store.view().metrics.select({ ...everything, matchers })).flatMap(({ values }) => [
        ...values,
      ]);
    const copies = join(dataDir, "cache");
    try {
      await store.commit(cutOf({ metrics: [gauge("up", [1_000, 2_000], [1, 2])] }, 1), () => {});
      const [block] = store.view().blocks;
      if (block === undefined) throw new Error("no block");
      const [copy = ""] = readdirSync(copies);
      flip(join(copies, copy));
      expect(await ask()).toEqual([1, 2]);
      expect(await metrics.text()).toContain(
        'lapwing_store_repaired_blocks_total{source="fetched"} 1',
      );

      const object = client.file(`blocks/${block.key}`);
      const bytes = await object.bytes();
      await object.write(bytes.slice(0, -9));
      await pass();
      expect(await object.bytes()).toEqual(bytes);
      await object.delete();
      forward(8 * 86_400_000);
      await pass();
      expect(await object.bytes()).toEqual(bytes);
      expect(store.maintenanceState.damages).toEqual([]);
      expect(await metrics.text()).toContain(
        'lapwing_store_repaired_blocks_total{source="uploaded"} 2',
      );

      rmSync(join(copies, copy));
      await object.delete();
      forward(8 * 86_400_000);
      await pass();
      expect(store.maintenanceState.damages).toMatchObject([{ reason: "missing" }]);
    } finally {
      await store.close();
      await removeS3(s3);
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
);
