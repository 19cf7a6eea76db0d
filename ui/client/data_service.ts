import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { DataService, type GetStorageResponse } from "#proto/gen/v1/data_pb.js";
import { call, options } from "./rpc.ts";

/** Blocks of one page. */
const pageBlocks = 500;

/** What is stored. */
export type DataClient = {
  storage(signal?: AbortSignal): Promise<Storage>;
  /** A page of them, the newest first. */
  blocks(request: BlocksRequest, signal?: AbortSignal): Promise<BlockPage>;
  cardinality(request: CardinalityRequest, signal?: AbortSignal): Promise<Cardinality>;
};

export type Storage = {
  /** One for each signal and tier that has blocks. */
  readonly shares: readonly StorageShare[];
  /** What is in memory and in no block yet. */
  readonly head: {
    readonly series: number;
    readonly samples: number;
    readonly records: number;
    readonly oldestMs: number;
    readonly newestMs: number;
  };
  readonly volumes: readonly StorageVolume[];
  /** Where blocks go. */
  readonly url: string;
  /** Why nothing can be written now; empty where all is well. */
  readonly trouble: string;
  readonly deletions: number;
  readonly deletionBytes: number;
  /** When the newest round of compaction and retention ended, and why it failed; 0 and empty for none. */
  readonly maintainedMs: number;
  readonly maintenanceFault: string;
  /** Why stored data are not deleted; empty where they are. */
  readonly deletionStopped: string;
  readonly trashFiles: number;
  readonly trashBytes: number;
  /** Blocks that queries leave out because they can't be read: the oldest, and the number and items of all. */
  readonly damaged: readonly DamagedBlock[];
  readonly damagedCount: number;
  readonly damagedItems: number;
  /** When all blocks were last compared with their checksums, 0 for never; and how far the running pass is. */
  readonly scrubbedMs: number;
  readonly scrubDoneBytes: number;
  readonly scrubTotalBytes: number;
  /** What was in damaged blocks that were given up. */
  readonly lostSamples: number;
  readonly lostRecords: number;
};

export type DamagedBlock = {
  readonly id: string;
  /** metrics, logs. */
  readonly signal: string;
  readonly bucketMs: number;
  readonly items: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** What is wrong with it. */
  readonly detail: string;
  readonly foundMs: number;
};

export type StorageShare = {
  readonly tenant: string;
  /** metrics, logs. */
  readonly signal: string;
  /** 0 for samples as they came, else the width of a tier's buckets. */
  readonly bucketMs: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly rows: number;
  /** Samples, buckets or records. */
  readonly items: number;
  readonly oldestMs: number;
  readonly newestMs: number;
  /** 0 for ever. */
  readonly retentionMs: number;
  readonly waitingBlocks: number;
};

export type StorageVolume = {
  /** data, cache, blocks. */
  readonly name: string;
  readonly path: string;
  /** Of the file system. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
  /** What Lapwing has there, and the bound it keeps; 0 for none. */
  readonly usedBytes: number;
  readonly usedBytesMax: number;
};

export type BlocksRequest = {
  /** metrics, logs; both where empty. */
  readonly signal: string;
  /** Those that overlap; an end of 0 is now. */
  readonly startMs: number;
  readonly endMs: number;
  readonly page: string;
};

export type BlockPage = {
  readonly blocks: readonly BlockRow[];
  /** Empty where there are no more. */
  readonly nextPage: string;
  readonly total: number;
};

export type BlockRow = {
  readonly id: string;
  readonly tenant: string;
  readonly signal: string;
  /** Where its file lies, below the store's address. */
  readonly key: string;
  /** 0 for samples as they came, else the width of a tier's buckets. */
  readonly bucketMs: number;
  readonly bytes: number;
  readonly rows: number;
  readonly items: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly createdMs: number;
  readonly exemplars: number;
};

export type CardinalityRequest = {
  /** Selectors in PromQL; all series where there are none. */
  readonly match: readonly string[];
  /** Also the values of this label. */
  readonly label: string;
  readonly limit: number;
  /** Series with samples then; where both are 0, those in memory, with how many are new. */
  readonly startMs: number;
  readonly endMs: number;
};

/** Of which metrics, labels and values series are. */
export type Cardinality = {
  readonly series: number;
  readonly metrics: number;
  readonly labels: number;
  readonly metricsBySeries: readonly NameCount[];
  readonly labelsByValues: readonly (NameCount & { readonly values: number })[];
  /** "name=value" */
  readonly pairsBySeries: readonly NameCount[];
  readonly valuesBySeries: readonly NameCount[];
  /** Not there in the hour, or the day, before; -1 where that is not known. Of all that match. */
  readonly newInHour: number;
  readonly newInDay: number;
  readonly truncated: boolean;
};

export type NameCount = { readonly name: string; readonly series: number };

/** The aggregator at `baseUrl` (an origin). */
export function connectData(baseUrl: string): DataClient {
  return createData(createConnectTransport({ baseUrl, defaultTimeoutMs: 15_000 }));
}

function createData(transport: Transport): DataClient {
  const client = createClient(DataService, transport);
  return {
    storage: (signal) =>
      call(async () => storageOf(await client.getStorage({}, options(signal))), signal),
    blocks: (request, signal) =>
      call(() => client.listBlocks({ ...request, limit: pageBlocks }, options(signal)), signal),
    cardinality: ({ match, ...request }, signal) =>
      call(() => client.getCardinality({ ...request, match: [...match] }, options(signal)), signal),
  };
}

function storageOf(answer: GetStorageResponse): Storage {
  const { shares, volumes, url, trouble, deletions, deletionBytes } = answer;
  const { series = 0, samples = 0, records = 0, oldestMs = 0, newestMs = 0 } = answer.head ?? {};
  return {
    shares,
    head: { series, samples, records, oldestMs, newestMs },
    volumes,
    url,
    trouble,
    deletions,
    deletionBytes,
    maintainedMs: answer.maintainedMs,
    maintenanceFault: answer.maintenanceFault,
    deletionStopped: answer.deletionStopped,
    trashFiles: answer.trashFiles,
    trashBytes: answer.trashBytes,
    damaged: answer.damaged.flatMap(({ block, detail, foundMs }) => {
      if (block === undefined) return [];
      const { id, signal, bucketMs, items, minMs, maxMs } = block;
      return [{ id, signal, bucketMs, items, minMs, maxMs, detail, foundMs }];
    }),
    damagedCount: answer.damagedCount,
    damagedItems: answer.damagedItems,
    scrubbedMs: answer.scrubbedMs,
    scrubDoneBytes: answer.scrubDoneBytes,
    scrubTotalBytes: answer.scrubTotalBytes,
    lostSamples: answer.lostSamples,
    lostRecords: answer.lostRecords,
  };
}
