import { SQL } from "bun";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresMissing, startPostgres, type PostgresServer } from "#test/support/postgres.ts";
import { removeS3, s3Missing, startS3, type S3Server } from "#test/support/s3.ts";
import { cutOf, gauge, openTestStore, sampleTexts } from "../read/store.fixture.ts";
import type { Store } from "../read/store.ts";

const dataDir = mkdtempSync(join(tmpdir(), "lapwing-outage-"));
const missing = s3Missing ?? postgresMissing;
const why = missing === undefined ? "" : ` (skipped: ${missing})`;
const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6, matchers: [] };
let s3: S3Server | undefined;
let postgres: PostgresServer | undefined;
let store: Store | undefined;

beforeAll(async () => {
  if (missing !== undefined) return;
  [s3, postgres] = await Promise.all([startS3(), startPostgres()]);
  store = await openTestStore(dataDir, {
    url: `s3://${s3.bucket}`,
    s3: {
      endpoint: s3.endpoint,
      access_key_id: s3.accessKeyId,
      secret_access_key: s3.secretAccessKey,
    },
    catalog: postgres.url,
  });
});
afterAll(async () => {
  await store?.close();
  await postgres?.stop();
  if (s3 !== undefined) await removeS3(s3);
  rmSync(dataDir, { recursive: true, force: true });
});

const content = (k: number) => cutOf({ metrics: [gauge("n", [k], [k])] }, k);
const stored = async () => sampleTexts((await store?.view().metrics.select(everything)) ?? []);

test.skipIf(missing !== undefined)(
  `commit() without a bucket is unavailable, and works when it is back${why}`,
  async () => {
    await store?.commit(content(1), () => {});
    await s3?.stop();
    const cut = content(2);
    expect(await store?.commit(cut, () => {}).catch((error: unknown) => error)).toMatchObject({
      code: "unavailable",
    });
    // What was committed is in the cache.
    expect(await stored()).toEqual(["n 1=1"]);
    await s3?.start();
    await store?.commit(cut, () => {});
    expect(await stored()).toEqual(["n 1=1 2=2"]);
  },
);

test.skipIf(missing !== undefined)(
  `commit() survives the end of its catalog connection, once and not twice${why}`,
  async () => {
    const admin = new SQL(postgres?.url ?? "");
    await admin`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`;
    await admin.close();
    const cut = content(3);
    let published = 0;
    const tried = await store?.commit(cut, () => (published += 1)).catch((error: unknown) => error);
    if (!Array.isArray(tried)) {
      expect(tried).toMatchObject({ code: "unavailable" });
      await store?.commit(cut, () => (published += 1));
    }
    expect(published).toBe(1);
    expect(await stored()).toEqual(["n 1=1 2=2 3=3"]);
    expect((await store?.recover())?.lanes[0]?.position.sequence).toBe(3);
  },
);
