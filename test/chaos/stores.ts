import { SQL } from "bun";
import { Database } from "bun:sqlite";
import { globSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { removeS3, s3Missing, startS3 } from "#test/support/s3.ts";
import { TcpProxy } from "#test/support/tcp_proxy.ts";

/** Where an aggregator of the chaos keeps catalog and blocks. */
export type Stores = {
  readonly kind: "local" | "postgres_s3";
  /** Keys of `storage`. */
  readonly storage: Readonly<Record<string, unknown>>;
  /** Between the aggregator and PostgreSQL. */
  readonly proxy: TcpProxy | undefined;
  /** Ends the bucket's server, and starts it again. */
  readonly restartBucket: ((downMs: number) => Promise<void>) | undefined;
  /** Rows of one statement on the catalog. */
  catalog(statement: string): Promise<unknown[]>;
  /** All block files, those in the trash not counted. */
  blockFiles(): string[];
  stop(): Promise<void>;
};

/** Why there can be no PostgreSQL with a bucket here, or undefined. */
export const postgresS3Missing = postgresMissing ?? s3Missing;

const Sum = z.tuple([z.object({ items: z.coerce.number() })]);

/** Log records that were stored and are in no block any more, as the catalog has it. */
export async function removedRecords(stores: Stores): Promise<number> {
  const rows = await stores.catalog(
    "SELECT coalesce(sum(items), 0) AS items FROM removed_items WHERE signal = 'logs'",
  );
  return Sum.parse(rows)[0].items;
}

/** A SQLite file and a folder, below the aggregator's data directory. */
export function localStores(folder: string): Stores {
  return {
    kind: "local",
    storage: {},
    proxy: undefined,
    restartBucket: undefined,
    catalog: (statement) => {
      const path = join(folder, "aggregator", "aggregator", "catalog.db");
      const database = new Database(path, { readonly: true });
      try {
        return Promise.resolve(database.query(statement).all());
      } finally {
        database.close();
      }
    },
    blockFiles: () => globSync(join(folder, "aggregator", "aggregator", "blocks", "**/*.parquet")),
    stop: () => Promise.resolve(),
  };
}

export async function postgresS3Stores(): Promise<Stores> {
  const postgres = await startPostgres();
  const s3 = await startS3();
  const proxy = await TcpProxy.start(postgres.port);
  return {
    kind: "postgres_s3",
    storage: {
      catalog: postgres.url.replace(`:${postgres.port}/`, `:${proxy.port}/`),
      url: `s3://${s3.bucket}/chaos`,
      s3: {
        endpoint: s3.endpoint,
        region: "us-east-1",
        access_key_id: s3.accessKeyId,
        secret_access_key: s3.secretAccessKey,
      },
    },
    proxy,
    restartBucket: async (downMs) => {
      await s3.stop();
      await Bun.sleep(downMs);
      await s3.start();
    },
    catalog: async (statement) => {
      await using sql = new SQL({ url: postgres.url, max: 1 });
      return z.array(z.unknown()).parse([...(await sql.unsafe(statement))]);
    },
    // s3rver keeps an object's bytes in a file of its name and an ending.
    blockFiles: () => globSync(join(s3.folder, s3.bucket, "**/*.parquet._S3rver_object")),
    stop: async () => {
      await proxy.stop();
      await postgres.stop();
      await removeS3(s3);
    },
  };
}
