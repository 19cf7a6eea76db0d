import { create } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import * as gen from "#proto/gen/v1/data_pb.js";
import { call, options } from "../rpc.ts";
import type { Told, ToldAs } from "../told.ts";

/** Blocks of one page. */
const pageBlocks = 500;

/** What is stored. */
export type DataClient = {
  storage(signal?: AbortSignal): Promise<Storage>;
  /** A page of them, the newest first. */
  blocks(request: BlocksRequest, signal?: AbortSignal): Promise<BlockPage>;
  cardinality(request: CardinalityRequest, signal?: AbortSignal): Promise<Cardinality>;
};

export type StorageShare = Told<gen.StorageShare>;
export type StorageVolume = Told<gen.StorageVolume>;
export type BlockRow = Told<gen.StoredBlock>;
export type NameCount = Told<gen.NameCount>;
export type BlockPage = Told<gen.ListBlocksResponse>;
export type BlocksRequest = Omit<Told<gen.ListBlocksRequest>, "limit">;
export type CardinalityRequest = Told<gen.GetCardinalityRequest>;

/** A block that queries leave out because it can't be read. */
export type DamagedBlock = Pick<
  BlockRow,
  "id" | "signal" | "bucketMs" | "items" | "minMs" | "maxMs"
> &
  Pick<Told<gen.DamagedBlock>, "detail" | "foundMs">;

export type Storage = ToldAs<
  gen.GetStorageResponse,
  {
    head: ToldAs<gen.HeadShare, { items: readonly HeadItems[] }>;
    damaged: readonly DamagedBlock[];
  }
>;
export type HeadItems = Told<gen.HeadItems>;

/** Of which metrics, labels and values series are. */
export type Cardinality = Told<gen.GetCardinalityResponse>;

/** The aggregator at `baseUrl` (an origin). */
export function connectData(baseUrl: string): DataClient {
  return createData(createConnectTransport({ baseUrl, defaultTimeoutMs: 15_000 }));
}

function createData(transport: Transport): DataClient {
  const client = createClient(gen.DataService, transport);
  return {
    storage: (signal) =>
      call(async () => storageOf(await client.getStorage({}, options(signal))), signal),
    blocks: (request, signal) =>
      call(() => client.listBlocks({ ...request, limit: pageBlocks }, options(signal)), signal),
    cardinality: ({ match, ...request }, signal) =>
      call(() => client.getCardinality({ ...request, match: [...match] }, options(signal)), signal),
  };
}

function storageOf(answer: gen.GetStorageResponse): Storage {
  return {
    ...answer,
    head: answer.head ?? create(gen.HeadShareSchema),
    damaged: answer.damaged.flatMap(({ block, detail, foundMs }) =>
      block === undefined ? [] : [{ ...block, detail, foundMs }],
    ),
  };
}
