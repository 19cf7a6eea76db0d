import type { CarrierPosition, LaneId } from "#proto/bus/agent_port.ts";
import type { Drops } from "#shared/model/account.ts";
import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import type { Labels, Matcher } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import type { Position } from "#shared/model/position.ts";
import type { BuiltInSignal, Signal } from "#shared/signals.ts";
import type { LogPart } from "./log_parts.ts";
import type { MissingBlocks } from "./missing_blocks.ts";
import type {
  ExemplarRequest,
  LineFilter,
  LogRecord,
  LogScanRequest,
  LogSelectRequest,
  SelectRequest,
  SeriesRequest,
  SeriesSamples,
  StreamVisitor,
} from "./source.ts";
import type { CutContent } from "./cut_content.ts";
import type { DeletionRequest, RemovedItems } from "./removals.ts";
import type { ExemplarsWritten } from "./exemplars_written.ts";

/** What the head hands over to become blocks, with the positions it brings everything up to. */
export type Cut = {
  readonly content: CutContent;
  /** By tenant. */
  readonly families: ReadonlyMap<string, readonly MetricFamily[]>;
  readonly lanes: readonly LaneCommit[];
  readonly carrier: CarrierPosition;
  readonly patterns?: readonly PatternsCommit[];
};

/** The state of a lane once the cut is committed; all counters cumulative, in items. */
export type LaneCommit = {
  readonly lane: LaneId;
  /** Everything up to here is taken. */
  readonly position: Position;
  /** header.itemsTotal of the frame at `position`. */
  readonly itemsTotal: number;
  /** What is taken beyond it, in order, while frames between are still to come. */
  readonly ahead: readonly ChainCommit[];
  readonly stored: number;
  /** Dropped at the aggregator. */
  readonly dropped: Drops;
  /** Dropped at the agent before framing, as last heard. */
  readonly agentDropped: Drops;
};

/** Frames of a lane that were taken in order from the start of an epoch on, while some before it were still to come. */
export type ChainCommit = {
  /** Its first. */
  readonly epoch: number;
  /** Where the lane stood before it, and its items up to there. */
  readonly before: Position;
  readonly itemsBefore: number;
  /** Of the last frame taken, and its header.itemsTotal. */
  readonly position: Position;
  readonly itemsTotal: number;
};

/** A pattern of a tenant's log lines, as the catalog remembers it. Times in Unix milliseconds. */
export type PatternRecord = {
  readonly id: string;
  readonly text: string;
  readonly firstMs: number;
  readonly seenMs: number;
  /** Whether an event reported it. */
  readonly isNews: boolean;
};

export type StoredPatterns = {
  readonly tenant: string;
  readonly state: string;
  readonly records: readonly PatternRecord[];
};

/** What a commit changes of a tenant's patterns: with the lines that it follows from, or not at all. */
export type PatternsCommit = {
  readonly tenant: string;
  /** JSON, of patterns/pattern_state.ts. */
  readonly state: string;
  readonly found: readonly PatternRecord[];
  /** Ids. */
  readonly gone: readonly string[];
};

export type Block = {
  readonly id: string;
  readonly tenant: string;
  readonly signal: Signal;
  /** Key in the object store. */
  readonly key: string;
  /** Samples or records, and rows of the Parquet file. */
  readonly items: number;
  readonly rows: number;
  readonly bytes: number;
  /** Unix milliseconds of the first and last item, both inclusive. */
  readonly minMs: number;
  readonly maxMs: number;
  readonly createdMs: number;
  /** xxHash64 of the file, hexadecimal. */
  readonly checksum?: string;
  /** Absent where it holds none. */
  readonly exemplars?: ExemplarsWritten;
  /** A block of a tier: the width of its buckets, which are its items. Absent where it holds samples as they came. */
  readonly bucketMs?: number;
  /** Windows (tiers/windows.ts) of which all that the block holds is in the next tier; their starts, ascending. Absent for none. */
  readonly tiered?: readonly number[];
};

/** Blocks and catalog together: the only room that knows object storage, DuckDB's files and the catalog's tables. */
export type Store = {
  /** What the catalog says of lanes and carrier; read once at start. */
  recover(): Promise<{ readonly lanes: readonly LaneCommit[]; readonly carrier: CarrierPosition }>;
  /**
   * Writes blocks, uploads them, then commits blocks and positions in ONE catalog transaction. `published` is called
   * in the same tick in which the blocks become visible to `view()`, so the head can let go without a reader
   * seeing items twice or not at all. Throws OperatingError ("no_space", "unavailable"), and then nothing is visible.
   */
  commit(cut: Cut, published: () => void): Promise<readonly Block[]>;
  /** What was committed of the patterns of log lines, by tenant; read once at start. */
  patterns(): Promise<readonly StoredPatterns[]>;
  /** The visible blocks at this moment. A view stays readable although blocks are deleted later. */
  view(): BlockView;
  /** Metadata of metric families as last committed. */
  families(tenant: string): readonly MetricFamily[];
  /** Remembers an agent as last heard. */
  saveAgent(agent: AgentRecord): Promise<void>;
  listAgents(): Promise<readonly AgentRecord[]>;
  /** Forgets one; its telemetry stays. */
  removeAgent(agent: Pick<AgentRecord, "tenant" | "agent">): Promise<void>;
  /**
   * Deletes items of a signal in a span out of all blocks that are visible now: gone from the next view on, and out of the files by the
   * next round of maintain(). `actor` is for the audit. Gives the number of blocks concerned.
   */
  delete(deletion: Deletion, actor: string): Promise<number>;
  /** Takes a deletion back; false where there is none of this id, or its items are no longer all there. */
  cancelDeletion(id: string, tenant: string, actor: string): Promise<boolean>;
  /** Requests to delete, of all signals, in the order in which they came. */
  deletionRequests(tenant: string): Promise<readonly DeletionRequest[]>;
  /** Items that were stored and are in no block any more, by signal and reason. */
  removedItems(tenant: string): Promise<readonly RemovedItems[]>;
  /** One round of what runs in the background: retention, compaction, deletion of files that are no longer needed. */
  maintain(): Promise<void>;
  close(): Promise<void>;
};

/** What to delete, and a span in Unix milliseconds, both ends inclusive. */
export type Deletion = DeletionTerms & {
  readonly signal: Signal;
  readonly tenant: string;
  readonly startMs: number;
  readonly endMs: number;
};

/** Which items a deletion is of: alternatives of matchers, and more where the signal has it. */
export type DeletionTerms = {
  readonly selectors: readonly (readonly Matcher[])[];
  /** Present for log records: those of the streams whose lines pass all of these. Absent for other signals. */
  readonly lineFilters?: readonly LineFilter[];
  /** A log query, of log records that pass its pipeline, too; `lineFilters` are those of its filters that can be told by the line alone. */
  readonly logql?: string;
  /** As it was asked for. */
  readonly query: string;
};

/** An agent of the inventory. */
export type AgentRecord = {
  readonly tenant: string;
  readonly agent: string;
  /** The name people know. */
  readonly name: string;
  /** The last heartbeat as JSON. */
  readonly heartbeat: string;
  readonly lastSeenMs: number;
};

export type BlockView = {
  readonly blocks: readonly Block[];
  /** Local files of some of these blocks, in their order, readable until released. Throws DamagedBlock. */
  files(blocks: readonly Block[], signal?: AbortSignal): Promise<BlockFiles>;
  /** As files(), but for damaged blocks: `missing` collects them, and `use` gets the others. */
  withFiles<Result>(
    blocks: readonly Block[],
    reader: { readonly signal?: AbortSignal; readonly missing?: MissingBlocks | undefined },
    use: (paths: readonly string[], readable: readonly Block[]) => Promise<Result>,
  ): Promise<Result>;
} & { readonly [Name in BuiltInSignal]: BlockReaders[Name] };

/** How blocks of each built-in signal are read: a new one begins with a line here. */
type BlockReaders = { readonly metrics: MetricsReader; readonly logs: LogsReader };

/** Same contracts as MetricsSource and ExemplarsSource, over the blocks of a view only. */
type MetricsReader = {
  select(request: SelectRequest): Promise<SeriesSamples[]>;
  exemplars(request: ExemplarRequest): Promise<SeriesExemplars[]>;
  series(request: SeriesRequest): Promise<FoundSeries>;
};

/** Same contracts as LogsSource, over the blocks of a view only. */
type LogsReader = {
  select(request: LogSelectRequest): Promise<LogRecord[]>;
  /** What a scan reads, in the order of commit. Throws OperatingError("bad_request") for a bad regular expression. */
  parts(request: LogScanRequest): LogPart[];
  eachStream(request: SeriesRequest, visit: StreamVisitor): Promise<void>;
};

/** Series that a request finds, in no order. */
export type FoundSeries = {
  labels(): Promise<Labels[]>;
  /** Of labels. */
  names(): Promise<Set<string>>;
  /** Of the label of that name. */
  values(name: string): Promise<Set<string>>;
};

export type BlockFiles = { readonly paths: readonly string[]; release(): void };
