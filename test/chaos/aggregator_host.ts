import { closeSync, fstatSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { readSql } from "#proto/columns/sql_rows.ts";
import { messageOf } from "#shared/errors.ts";
import { asking, until } from "#test/support/asking.ts";
import { lapwing } from "#test/support/command_line.ts";
import { clockOff } from "#test/support/faketime.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { deletedBetween, keptIn, problemsWhileOff } from "./clock_jumps.ts";
import { damageBlock, type LostBlock } from "./lost_blocks.ts";
import { OldDays } from "./old_days.ts";
import type { Stores } from "./stores.ts";

/** Of the lease in PostgreSQL: short, so that a process that stands still is followed within a round. */
const leaseMs = 2_000;
/** Of maintenance after a start. */
const firstRoundMs = 3_000;
/** Of maintenance while the clock is off, which is not to be so for long. */
const roundWhileOffMs = 1_000;
const blockTries = 3;
const held = /is held by a running Lapwing/;

/** The aggregator's process, which comes again after whatever ends it; notes what should have been refused and was not. */
export class AggregatorHost {
  process: LapwingProcess;
  readonly problems: string[] = [];
  catalogLosses = 0;
  /** Blocks that were given up, in order. */
  readonly lostBlocks: LostBlock[] = [];
  /** How many of these a catalog knew of that is lost. */
  lostBlocksForgotten = 0;
  readonly oldDays = new OldDays();
  readonly #folder: string;
  readonly #natsPort: number;
  readonly #stores: Stores;
  /** Data directories by turns where a second process takes over. */
  #place = "aggregator";

  static async start(folder: string, natsPort: number, stores: Stores): Promise<AggregatorHost> {
    const options = { folder, natsPort, stores };
    return new AggregatorHost(options, await startIn({ ...options, place: "aggregator" }));
  }

  private constructor(
    { folder, natsPort, stores }: { folder: string; natsPort: number; stores: Stores },
    process: LapwingProcess,
  ) {
    this.#folder = folder;
    this.#natsPort = natsPort;
    this.#stores = stores;
    this.process = process;
  }

  async kill(downMs: number): Promise<void> {
    await this.process.end("SIGKILL");
    await Bun.sleep(downMs);
    this.process = await this.#start(this.#place);
  }

  /** Ends cleanly and comes again: after a kill nothing is deleted for minutes, after a clean stop at once. */
  async restart(): Promise<void> {
    await this.process.end("SIGTERM");
    this.process = await this.#start(this.#place);
  }

  /** Comes again, and is killed in its first round of maintenance. */
  async killDuringMaintenance(downMs: number): Promise<void> {
    await this.restart();
    await Bun.sleep(firstRoundMs - 400 + downMs);
    await this.kill(0);
  }

  /** A second process on the same catalog, and where that is a file on the same data directory, must be refused. */
  async second(): Promise<void> {
    const place = this.#stores.kind === "local" ? this.#place : "aggregator_second";
    await this.#expectRefusal("a second aggregator", held, place);
  }

  /** Stands still past its lease, while another process takes over; then it must end by itself. Only where the catalog has a lease. */
  async follow(): Promise<void> {
    const paused = this.process;
    paused.pause();
    this.#place = this.#place === "aggregator" ? "aggregator_b" : "aggregator";
    this.process = await this.#start(this.#place);
    paused.resume();
    const code = await Promise.race([paused.exited(), Bun.sleep(20_000).then(() => "none")]);
    if (code === 1) return;
    this.problems.push(`an aggregator that was followed ended with ${code}, expected 1`);
    await paused.end("SIGKILL");
  }

  /** Starts with a day to downsample, and is killed while it does that. */
  async killWhileDownsampling(downMs: number): Promise<void> {
    await this.process.end("SIGKILL");
    await this.oldDays.add(join(this.#folder, this.#place), this.#stores.storage);
    this.process = await this.#start(this.#place);
    await Bun.sleep(firstRoundMs - 400 + downMs);
    await this.kill(0);
  }

  /** Killed, and its catalog removed: it must be refused over the blocks, and comes back from them. */
  async loseCatalog(): Promise<void> {
    await this.process.end("SIGKILL");
    this.catalogLosses += 1;
    this.lostBlocksForgotten = this.lostBlocks.length;
    for (const suffix of ["", "-wal", "-shm"])
      rmSync(join(this.#folder, "aggregator", "aggregator", `catalog.db${suffix}`), {
        force: true,
      });
    await this.#expectRefusal("an empty catalog over blocks", /storage rebuild/, this.#place);
    const { code, out, err } = await this.#command("rebuild");
    // Files of blocks that were given up wait to be deleted.
    const unreadable = out.split("\n").filter((line) => line.includes(": left out: "));
    const areGivenUp = unreadable.every((line) =>
      this.lostBlocks.some(({ id }) => line.includes(id)),
    );
    if (code !== (unreadable.length === 0 ? 0 : 1) || !areGivenUp)
      this.problems.push(`rebuild ended with ${code}: ${out} ${err}`);
    // The newest of the blocks may be from when the clock was ahead, and now they alone say what time it was.
    const confirmed = await this.#command("confirm-clock");
    if (confirmed.code !== 0) this.problems.push(`confirm-clock: ${confirmed.err}`);
    this.process = await this.#start(this.#place);
  }

  /** Killed, and runs for a while with a clock that is off: it must go on, ask for a confirmation, and delete nothing. */
  async jumpClock(seconds: number): Promise<void> {
    await this.process.end("SIGKILL");
    const before = await keptIn(this.#stores);
    this.process = await this.#start(this.#place, {
      env: clockOff(seconds),
      roundMs: roundWhileOffMs,
    });
    const { kind } = this.#stores;
    this.problems.push(...(await problemsWhileOff(this.process.url, seconds, kind)));
    await this.process.end("SIGTERM");
    for (const what of deletedBetween(before, await keptIn(this.#stores)))
      this.problems.push(`deleted while the clock was off by ${seconds} s: ${what}`);
    this.process = await this.#start(this.#place);
  }

  /** As #loseOne(), which may find that the block was merged away before. False where there was none again and again. */
  async loseBlock(random: () => number): Promise<boolean> {
    const blocks = () => this.#stores.catalog("SELECT id FROM blocks");
    for (let i = 0; i < blockTries; i++) {
      await until("a block", async () => (await blocks()).length > 0);
      if (await this.#loseOne(random)) return true;
    }
    return false;
  }

  /** A block's file is damaged for good: a query must say so, and the block is given up. False where there was none. */
  async #loseOne(random: () => number): Promise<boolean> {
    const folder = join(this.#folder, "aggregator", "aggregator", "blocks");
    const block = await damageBlock(this.#stores, folder, random);
    if (block === undefined) return false;
    const { id, signal, items } = block;
    const { rpc } = asking(this.process.url);
    const what = signal === "logs" ? "body" : "value";
    const isThere = async () => (await this.#blocks(id)) > 0;
    await until(`a warning about the block ${id}`, async () => {
      const sql = `SELECT max(${what}) FROM ${signal}`;
      const { warnings } = await readSql(rpc.querySql({ sql }));
      const text = `${signal} block ${id} (${items} `;
      return warnings.some((warning) => warning.includes(text)) || !(await isThere());
    }).catch((thrown: unknown) => this.problems.push(messageOf(thrown)));
    await this.process.end("SIGKILL");
    // A merge may have read it before.
    const isLost = await isThere();
    if (isLost) {
      this.lostBlocks.push(block);
      const { code, out, err } = await this.#command("give-up", id, "--reason", "chaos");
      if (code !== 0 || !out.includes(`${items} items of ${signal} are lost`))
        this.problems.push(`give-up ended with ${code}: ${out} ${err}`);
    }
    this.process = await this.#start(this.#place);
    return isLost;
  }

  /** Killed, and started on a data directory that can't be written: it must be refused, and run again when it can. */
  async onReadOnlyDisk(): Promise<void> {
    await this.process.end("SIGKILL");
    const disk = join(this.#folder, "aggregator");
    mount("remount,ro", disk);
    await this.#expectRefusal(
      "an aggregator on a read-only disk",
      /read-?only|EROFS/i,
      this.#place,
    );
    mount("remount,rw", disk);
    this.process = await this.#start(this.#place);
  }

  /** A byte of a block is another for a while; what reads it meanwhile must leave the block out, and nothing else. False where there was none. */
  async corruptBlock(forMs: number, random: () => number): Promise<boolean> {
    const paths = this.#stores.blockFiles();
    const path = paths[Math.floor(random() * paths.length)];
    if (path === undefined) return false;
    let file: number;
    try {
      file = openSync(path, "r+");
    } catch {
      // Merged away in this very moment.
      return false;
    }
    const at = Math.floor(fstatSync(file).size / 2);
    const byte = new Uint8Array(1);
    readSync(file, byte, 0, 1, at);
    writeSync(file, Uint8Array.of((byte[0] ?? 0) ^ 0xff), 0, 1, at);
    await Bun.sleep(forMs);
    writeSync(file, byte, 0, 1, at);
    closeSync(file);
    return true;
  }

  /** How many blocks of that id the catalog has. */
  async #blocks(id: string): Promise<number> {
    return (await this.#stores.catalog(`SELECT id FROM blocks WHERE id = '${id}'`)).length;
  }

  /** `lapwing storage`, with the aggregator's configuration. */
  #command(...args: readonly string[]): ReturnType<typeof lapwing> {
    return lapwing(["storage", ...args, "--config", join(this.#folder, "aggregator.yaml")]);
  }

  async #expectRefusal(who: string, reason: RegExp, place: string): Promise<void> {
    let process: LapwingProcess;
    try {
      process = await this.#start(place, { name: "second" });
    } catch (thrown) {
      if (!reason.test(messageOf(thrown)))
        this.problems.push(`${who} was refused for another reason: ${messageOf(thrown)}`);
      return;
    }
    this.problems.push(`${who} was not refused`);
    await process.end("SIGKILL");
  }

  #start(place: string, how: Partial<Start> = {}): Promise<LapwingProcess> {
    const parts = { folder: this.#folder, natsPort: this.#natsPort, stores: this.#stores };
    return startIn({ ...parts, place, ...how });
  }
}

type Start = {
  readonly folder: string;
  readonly natsPort: number;
  readonly stores: Stores;
  readonly place: string;
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Of maintenance. */
  readonly roundMs?: number;
};

function startIn(start: Start): Promise<LapwingProcess> {
  const { folder, natsPort, stores, place } = start;
  const { name = "aggregator", env = {}, roundMs = firstRoundMs } = start;
  const config = {
    data_dir: join(folder, place),
    nats: {
      servers: [`nats://127.0.0.1:${natsPort}`],
      reconnect_wait: "100ms",
      reconnect_wait_max: "1s",
    },
    ingest: { flush_interval: { metrics: "3s", logs: "1s" } },
    storage: {
      ...stores.storage,
      owner: { lease: `${leaseMs}ms`, renew_interval: "400ms" },
      compaction: { interval: `${roundMs}ms`, blocks_max: 4 },
      delete_after: "1s",
      sweep_after: "10s",
    },
    query: { sql: { rows_max: 10_000_000, timeout: "60s", memory_limit: "1GiB" } },
  };
  return LapwingProcess.start({ role: "aggregator", name, folder, config, env });
}

function mount(options: string, path: string): void {
  const { exitCode, stderr } = Bun.spawnSync(["mount", "-o", options, path]);
  if (exitCode !== 0) throw new Error(`mount -o ${options} ${path}: ${stderr.toString()}`);
}
