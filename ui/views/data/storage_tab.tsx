import type {
  DamagedBlock,
  Storage,
  StorageShare,
  StorageVolume,
} from "../../client/storage/data_service.ts";
import {
  formatAgo,
  formatCount,
  formatDateTime,
  formatSpan,
  formatValue,
} from "../../units/format.ts";
import { usePageRange } from "../../state/page_range.ts";
import { useNow } from "../../state/media.ts";
import { useStorage } from "../../queries/storage.ts";
import { useTimeZone } from "../../state/time_zone.ts";
import { Ago } from "../../elements/ago.tsx";
import { Icon } from "../../elements/icon.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";
import { DeletionList } from "./deletion_list.tsx";
import {
  blockVolume,
  bytesPerItem,
  forecast,
  forecastWords,
  growthPerDay,
  headWords,
  removedWords,
  scrubWords,
  tierName,
} from "./storage_rows.ts";

/** Blocks are written every few minutes. */
const slowestMs = 10_000;
const soonDays = 14;

/** What blocks take, how they grow, and when the room is full. */
export function StorageTab() {
  const { intervalMs } = usePageRange();
  const everyMs = intervalMs === 0 ? 0 : Math.max(intervalMs, slowestMs);
  const storage = useStorage(everyMs);
  return (
    <Picture query={storage} skeleton={<Skeleton rows={6} height={36} />}>
      {(told) => (
        <>
          <Faults storage={told} />
          <Damaged storage={told} />
          <Figures storage={told} />
          <section className="block" aria-label="By signal and resolution">
            <div className="toolbar">
              <h2>By signal and resolution</h2>
              <RefreshCorner query={storage} />
            </div>
            {told.shares.length === 0 ? (
              <Empty title="No blocks yet">
                What arrived is in memory; it is written as blocks within minutes.
              </Empty>
            ) : (
              <Shares shares={told.shares} />
            )}
          </section>
          <DeletionList everyMs={everyMs} />
          <section className="block" aria-label="Disks">
            <h2>Disks</h2>
            <RowTable id="disks" label="Disks" rows={told.volumes} columns={volumeColumns} />
            <p className="quiet anywhere">Blocks go to {told.url}</p>
          </section>
        </>
      )}
    </Picture>
  );
}

function Faults({ storage }: { readonly storage: Storage }) {
  const { trouble, maintenanceFault, deletionStopped } = storage;
  const faults = [
    ...(trouble === "" ? [] : [`Nothing can be written now: ${trouble}`]),
    ...(maintenanceFault === "" ? [] : [`Compaction and retention failed: ${maintenanceFault}`]),
    ...(deletionStopped === "" ? [] : [`Retention and cleanup are stopped: ${deletionStopped}`]),
  ];
  if (faults.length === 0) return null;
  return (
    <ul className="faults" role="alert">
      {faults.map((fault) => (
        <li key={fault} className="state bad">
          <Icon name="warning" />
          <span>{fault}</span>
        </li>
      ))}
    </ul>
  );
}

/** What queries leave out, and what to do about it. */
function Damaged({ storage }: { readonly storage: Storage }) {
  const { damaged, damagedCount, damagedItems } = storage;
  const nowMs = useNow(30_000);
  const timeZone = useTimeZone();
  if (damagedCount === 0) return null;
  const columns: RowColumn<DamagedBlock>[] = [
    { key: "signal", title: "Signal", width: 84, value: ({ signal }) => signal },
    {
      key: "items",
      title: "Items",
      isNumber: true,
      width: 100,
      value: ({ items }) => items,
      text: ({ items }) => formatCount(items),
    },
    timeColumn("from", "From", ({ minMs }) => minMs, timeZone),
    timeColumn("to", "To", ({ maxMs }) => maxMs, timeZone),
    { key: "fault", title: "Fault", minWidth: 220, value: ({ detail }) => detail },
    {
      key: "found",
      title: "Found",
      width: 110,
      onPhone: false,
      value: ({ foundMs }) => foundMs,
      text: ({ foundMs }) => formatAgo(foundMs, nowMs),
    },
    { key: "block", title: "Block", minWidth: 290, value: ({ id }) => id },
  ];
  return (
    <section className="block" aria-label="Damaged blocks">
      <h2>Damaged blocks</h2>
      <p className="state bad">
        <Icon name="warning" />
        <span>
          Queries leave out {formatCount(damagedCount)} {damagedCount === 1 ? "block" : "blocks"}{" "}
          with {formatCount(damagedItems)} items. Repair with <code>lapwing storage repair</code>.
        </span>
      </p>
      <RowTable id="damaged" label="Damaged blocks" rows={damaged} columns={columns} />
    </section>
  );
}

function timeColumn(
  key: string,
  title: string,
  value: (block: DamagedBlock) => number,
  zone: string,
): RowColumn<DamagedBlock> {
  return { key, title, width: 170, value, text: (block) => formatDateTime(value(block), zone) };
}

function Figures({ storage }: { readonly storage: Storage }) {
  const nowMs = useNow(10_000);
  const { shares, head, volumes, deletions, deletionBytes, maintainedMs } = storage;
  const { trashFiles, trashBytes } = storage;
  const bytes = shares.reduce((sum, share) => sum + share.bytes, 0);
  const perDay = shares.reduce((sum, share) => sum + (growthPerDay(share) || 0), 0);
  const isYoung = shares.every((share) => Number.isNaN(growthPerDay(share)));
  const volume = blockVolume(volumes);
  const told = forecast(shares, volume);
  const isSoon = told.kind === "full" && told.days < soonDays;
  const waiting = shares.reduce((sum, share) => sum + share.waitingBlocks, 0);
  const lost = storage.removed.filter(({ reason }) => reason === "lost");
  const left = storage.removed.filter(({ reason, items }) => reason !== "lost" && items > 0);
  return (
    <dl className="facts storage-facts">
      <Fact name="Stored in blocks" text={formatValue(bytes, "bytes")} />
      <Fact name="Growth a day" text={isYoung ? "not known yet" : formatValue(perDay, "bytes")} />
      {volume !== undefined && (
        <Fact
          name="Free for blocks"
          text={`${formatValue(volume.freeBytes, "bytes")}, ${forecastWords(told)}`}
          isWarning={isSoon}
        />
      )}
      <Fact name="In memory" text={headWords(head)} />
      <Fact name="Blocks to merge" text={formatCount(waiting)} />
      <Fact
        name="Files to delete"
        text={
          deletions === 0
            ? "none"
            : `${formatCount(deletions)}, ${formatValue(deletionBytes, "bytes")}`
        }
      />
      <Fact
        name="Trash"
        text={
          trashFiles === 0
            ? "empty"
            : `${formatCount(trashFiles)}, ${formatValue(trashBytes, "bytes")}`
        }
      />
      <Fact
        name="Compaction and retention"
        text={maintainedMs === 0 ? "no round yet" : `ran ${formatAgo(maintainedMs, nowMs)}`}
      />
      <Fact name="Checksums of all blocks" text={scrubWords(storage, nowMs)} />
      {left.length > 0 && <Fact name="Removed from blocks" text={removedWords(left, head.items)} />}
      {lost.length > 0 && (
        <Fact name="Lost with damaged blocks" text={removedWords(lost, head.items)} isWarning />
      )}
    </dl>
  );
}

function Fact({
  name,
  text,
  isWarning = false,
}: {
  readonly name: string;
  readonly text: string;
  readonly isWarning?: boolean;
}) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd className={isWarning ? "state warn" : ""}>
        {isWarning && <Icon name="warning" />}
        {text}
      </dd>
    </div>
  );
}

function numberColumn(
  key: string,
  title: string,
  value: (share: StorageShare) => number,
  text: (value: number) => string,
): RowColumn<StorageShare> {
  const common = { key, title, isNumber: true, width: 100, value };
  return { ...common, text: (share) => text(value(share)) };
}

function agoColumn(
  key: string,
  title: string,
  value: (share: StorageShare) => number,
  nowMs: number,
): RowColumn<StorageShare> {
  return {
    // 0 is no time: a share without items has neither an oldest nor a newest.
    ...numberColumn(key, title, value, (ms) => (ms === 0 ? "–" : formatAgo(ms, nowMs))),
    cell: (share) => (value(share) === 0 ? "–" : <Ago ms={value(share)} nowMs={nowMs} />),
  };
}

function Shares({ shares }: { readonly shares: readonly StorageShare[] }) {
  const nowMs = useNow(30_000);
  const columns: RowColumn<StorageShare>[] = [
    { key: "signal", title: "Signal", width: 84, value: ({ signal }) => signal },
    { key: "tier", title: "Resolution", minWidth: 120, value: tierName },
    { key: "tenant", title: "Tenant", width: 96, onPhone: false, value: ({ tenant }) => tenant },
    numberColumn(
      "bytes",
      "Size",
      ({ bytes }) => bytes,
      (value) => formatValue(value, "bytes"),
    ),
    numberColumn("per_item", "Bytes each", bytesPerItem, (value) =>
      Number.isNaN(value) ? "–" : value.toFixed(2),
    ),
    numberColumn("growth", "A day", growthPerDay, (value) => formatValue(value, "bytes")),
    numberColumn(
      "items",
      "Items",
      ({ items }) => items,
      (value) => formatValue(value, "count"),
    ),
    numberColumn(
      "rows",
      "Rows",
      ({ rows }) => rows,
      (value) => formatValue(value, "count"),
    ),
    numberColumn("blocks", "Blocks", ({ blocks }) => blocks, formatCount),
    agoColumn("oldest", "Oldest", ({ oldestMs }) => oldestMs, nowMs),
    agoColumn("newest", "Newest", ({ newestMs }) => newestMs, nowMs),
    numberColumn(
      "kept",
      "Kept for",
      ({ retentionMs }) => retentionMs,
      (value) => (value === 0 ? "ever" : formatSpan(value)),
    ),
  ];
  return (
    <RowTable
      id="storage"
      label="Storage by signal and resolution"
      rows={shares}
      columns={columns}
    />
  );
}

const volumeWords: Readonly<Record<string, string>> = {
  data: "data directory",
  cache: "copies of blocks",
  blocks: "blocks",
};

const volumeColumns: readonly RowColumn<StorageVolume>[] = [
  { key: "name", title: "For", width: 150, value: ({ name }) => volumeWords[name] ?? name },
  { key: "path", title: "Path", minWidth: 160, value: ({ path }) => path },
  {
    key: "used",
    title: "Lapwing's",
    isNumber: true,
    width: 150,
    value: ({ usedBytes }) => usedBytes,
    text: ({ usedBytes, usedBytesMax }) =>
      usedBytesMax > 0
        ? `${formatValue(usedBytes, "bytes")} of ${formatValue(usedBytesMax, "bytes")}`
        : usedBytes > 0
          ? formatValue(usedBytes, "bytes")
          : "–",
  },
  {
    key: "free",
    title: "Free",
    isNumber: true,
    width: 100,
    value: ({ freeBytes }) => freeBytes,
    text: ({ freeBytes }) => formatValue(freeBytes, "bytes"),
  },
  {
    key: "size",
    title: "Disk",
    isNumber: true,
    width: 100,
    value: ({ sizeBytes }) => sizeBytes,
    text: ({ sizeBytes }) => formatValue(sizeBytes, "bytes"),
  },
];
