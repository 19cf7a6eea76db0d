import { messageOf } from "#shared/errors.ts";
import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import type { BackupSet, BackupsConfig } from "./config.ts";
import { type Backup, listBackups } from "./file_list.ts";

const own = ["backup"];
const lastTime = gauge(
  "backup_last_timestamp_seconds",
  "When the newest backup was written, Unix seconds.",
  own,
);
const lastSize = gauge("backup_last_size_bytes", "Size of the newest backup.", own);
const usualSize = gauge(
  "backup_usual_size_bytes",
  "Median size of up to ten backups before the newest.",
  own,
);
const oldestTime = gauge(
  "backup_oldest_timestamp_seconds",
  "When the oldest backup was written, Unix seconds.",
  own,
);
const count = gauge("backup_count", "Backups that are there.", own);
const totalSize = gauge("backup_total_size_bytes", "Size of all backups.", own);
const maxAge = gauge("backup_max_age_seconds", "How old the newest backup may be.", own);
const minSize = gauge("backup_min_size_bytes", "How large the newest backup has to be.", own);
const minShare = gauge(
  "backup_min_share_ratio",
  "Share of the usual size that the newest backup has to have.",
  own,
);
const readError = gauge(
  "backup_read_error",
  "1 where backups could not be looked for, else 0.",
  own,
);

/** How many before the newest say what is usual. */
const usualOf = 10;
/** Newest ones that are remembered: some may not be settled yet. */
const newestMax = 100;
/** Of the first tick's time, for what is found quickly. */
const shareOfTick = 0.6;

/** Looks are taken beside the ticks, because they may take long; a tick tells what the last one found. */
export const openBackups: OpenInstance<BackupsConfig> = (options, { clock, timeoutMs }) => {
  const watches = options.sets.map((set) => new SetWatch(set, options));
  return {
    async collect(sink, tick) {
      const enough = new AbortController();
      const late = clock.sleep(
        timeoutMs * shareOfTick,
        AbortSignal.any([tick.signal, enough.signal]),
      );
      await Promise.all(watches.map((watch) => Promise.race([watch.refresh(tick), late])));
      enough.abort();
      for (const watch of watches) watch.addTo(sink, tick);
    },
    close() {
      for (const watch of watches) watch.stop();
    },
  };
};

/** What is kept of a look: of many files only what is told. */
type Found = {
  /** The newest ones, newest first. */
  readonly newest: readonly Backup[];
  readonly oldestSeconds: number;
  readonly count: number;
  readonly totalBytes: number;
  readonly problem: string | undefined;
};

class SetWatch {
  readonly #set: BackupSet;
  readonly #options: BackupsConfig;
  #found: Found | undefined;
  #failure: string | undefined;
  #look: Promise<void> | undefined;
  #abort: AbortController | undefined;
  #nextMs = 0;

  constructor(set: BackupSet, options: BackupsConfig) {
    this.#set = set;
    this.#options = options;
  }

  /** The look that is under way, or a new one where it is time to; never more than one, however long it takes. Never rejects. */
  refresh({ timestampMs }: Tick): Promise<void> {
    if (this.#look !== undefined) return this.#found === undefined ? this.#look : Promise.resolve();
    if (timestampMs < this.#nextMs) return Promise.resolve();
    this.#nextMs = timestampMs + this.#options.scan_interval;
    const abort = new AbortController();
    this.#abort = abort;
    const timer = setTimeout(() => abort.abort(), this.#options.scan_timeout);
    this.#look = this.#lookNow(abort.signal).finally(() => {
      clearTimeout(timer);
      this.#look = undefined;
    });
    return this.#look;
  }

  async #lookNow(signal: AbortSignal): Promise<void> {
    try {
      const { command } = this.#options;
      this.#found = summaryOf(await listBackups(this.#set, command, signal));
      this.#failure = undefined;
    } catch (thrown) {
      this.#found = undefined;
      this.#failure = messageOf(thrown);
    }
  }

  stop(): void {
    this.#abort?.abort();
  }

  addTo(sink: SampleSink, tick: Tick): void {
    const { name, max_age, min_size, min_share } = this.#set;
    sink.add(maxAge, max_age / 1_000, name);
    sink.add(minSize, min_size, name);
    sink.add(minShare, min_share, name);
    const isLate = this.#look !== undefined && this.#found === undefined;
    const late = isLate ? "looking for files takes long" : undefined;
    const problem = this.#failure ?? this.#found?.problem ?? late;
    sink.add(readError, problem === undefined ? 0 : 1, name);
    if (problem !== undefined) tick.degraded(`${name}: ${problem}`);
    if (this.#found !== undefined) addFound(sink, this.#set, this.#found, tick.timestampMs / 1_000);
  }
}

function summaryOf({
  backups,
  problem,
}: {
  readonly backups: readonly Backup[];
  readonly problem: string | undefined;
}): Found {
  const newestFirst = backups.toSorted((a, b) => b.modifiedSeconds - a.modifiedSeconds);
  return {
    newest: newestFirst.slice(0, newestMax),
    oldestSeconds: newestFirst.at(-1)?.modifiedSeconds ?? 0,
    count: backups.length,
    totalBytes: backups.reduce((total, { bytes }) => total + bytes, 0),
    problem,
  };
}

function addFound(
  sink: SampleSink,
  { name, kind, settle }: BackupSet,
  { newest, oldestSeconds, totalBytes, ...found }: Found,
  nowSeconds: number,
): void {
  const settled = newest.filter(
    ({ modifiedSeconds }) => modifiedSeconds + settle / 1_000 <= nowSeconds,
  );
  const settledCount = found.count - (newest.length - settled.length);
  // Borg's files are the state of all its archives, and Restic's tell no size.
  sink.add(count, kind === "borg" ? Math.min(1, settledCount) : settledCount, name);
  const [last] = settled;
  if (last === undefined) return;
  sink.add(lastTime, last.modifiedSeconds, name);
  if (kind === "borg") return;
  sink.add(oldestTime, oldestSeconds, name);
  if (kind === "restic") return;
  sink.add(lastSize, last.bytes, name);
  sink.add(totalSize, totalBytes, name);
  const usual = median(settled.slice(1, 1 + usualOf).map(({ bytes }) => bytes));
  if (usual !== undefined) sink.add(usualSize, usual, name);
}

/** The lower one in the middle. */
function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
