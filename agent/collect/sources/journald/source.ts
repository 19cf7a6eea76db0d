import { previewBodies } from "../file_logs/preview.ts";
import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { severityOfSyslog } from "../../../pipeline/processors/formats/severity_words.ts";
import { BatchBuilder } from "../file_logs/batch_builder.ts";
import { type SourceContext, defineSource } from "../../source.ts";
import { JournaldConfig } from "./config.ts";
import { ExportParser, type JournalEntry } from "./export_parser.ts";

const cursorKey = "cursor";
/** journalctl is started again after so long. */
const restartMs = 1_000;
/** Label sets are held by what they tell, up to so many. */
const streamsMax = 10_000;

/**
 * systemd's journal, by `journalctl --follow --output=export`. The cursor of a batch's last entry becomes durable with the batch, and
 * journalctl is started after it, so that no entry is lost or told twice.
 */
export const journald = defineSource({
  type: "journald",
  config: JournaldConfig,
  preview: previewBodies,
  async run(config, context) {
    const reader = new JournalReader(config, context);
    const { clock, signal } = context;
    while (!signal.aborted) {
      const problem = await reader.follow();
      if (signal.aborted) return;
      context.degraded(problem);
      context.log.warn("journalctl has ended and is started again", { reason: problem });
      await clock.sleep(restartMs, signal);
    }
  },
});

class JournalReader {
  readonly #config: JournaldConfig;
  readonly #context: SourceContext;
  readonly #builder: BatchBuilder;
  readonly #wanted: ReadonlySet<string>;
  readonly #streams = new Map<string, Labels>();
  #cursor: string | undefined;
  /** Of the last entry in the builder. */
  #nextCursor: string | undefined;

  constructor(config: JournaldConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#builder = new BatchBuilder(context.clock);
    this.#cursor = context.checkpoint(cursorKey);
    this.#wanted = new Set([...ownFields, ...config.fields]);
  }

  /** Runs journalctl until it ends; says why it did. */
  async follow(): Promise<string> {
    const { signal } = this.#context;
    let child;
    try {
      child = Bun.spawn(this.#argv(), { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    } catch (thrown) {
      return `can't run ${this.#config.command}: ${messageOf(thrown)}; systemd's package has it`;
    }
    const stop = () => child.kill("SIGTERM");
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    const said = lastWords(child.stderr);
    try {
      const parser = new ExportParser(this.#wanted, this.#config.line_size_max);
      for await (const chunk of child.stdout) {
        this.#builder.readAt();
        for (const entry of parser.push(chunk)) await this.#add(entry);
        await this.#flush();
      }
      return `${this.#config.command} ended with ${await child.exited}: ${(await said) || "it said nothing"}`;
    } finally {
      signal.removeEventListener("abort", stop);
      child.kill("SIGKILL");
      await child.exited;
    }
  }

  #argv(): string[] {
    const { command, arguments: own, matches } = this.#config;
    const { start_at: startAt, tail_entries: entries } = this.#config;
    // --follow alone shows the last ten entries; --no-tail all after the cursor.
    const begin =
      this.#cursor !== undefined
        ? ["--no-tail", `--after-cursor=${this.#cursor}`]
        : startAt === "beginning"
          ? ["--no-tail"]
          : [`--lines=${entries}`];
    return [
      command,
      "--follow",
      "--output=export",
      "--no-pager",
      "--quiet",
      ...own,
      ...begin,
      ...matches,
    ];
  }

  async #add({ fields, cut }: JournalEntry): Promise<void> {
    const cursor = fields.get("__CURSOR")?.toString("latin1");
    const message = fields.get("MESSAGE");
    if (message === undefined) this.#context.drop("logs", "invalid_record", 1);
    else {
      if (!this.#builder.hasRoom(message.length)) await this.#flush();
      if (cut) this.#context.truncated?.("logs", 1);
      const told = { severity: severityIn(fields), ...timeIn(fields) };
      const metadata = this.#metadata(fields);
      this.#builder.add(this.#labels(fields), message, 0, message.length, cut, metadata, told);
    }
    this.#nextCursor = cursor ?? this.#nextCursor;
    this.#context.degraded(undefined);
  }

  #labels(fields: JournalEntry["fields"]): Labels {
    const text = (name: string) => fields.get(name)?.toString("utf8") ?? "";
    const unit = text("_SYSTEMD_UNIT");
    const transport = text("_TRANSPORT");
    const host = text("_HOSTNAME") || this.#context.hostname;
    const key = JSON.stringify([unit, transport, host]);
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    if (this.#streams.size >= streamsMax) this.#streams.clear();
    const labels: Labels = {
      job: this.#config.job,
      host,
      ...(unit === "" ? {} : { unit }),
      ...(transport === "" ? {} : { transport }),
      ...this.#config.labels,
    };
    this.#streams.set(key, labels);
    return labels;
  }

  #metadata(fields: JournalEntry["fields"]): Labels | undefined {
    const metadata: Record<string, string> = {};
    for (const name of this.#config.fields) {
      const value = fields.get(name);
      if (value !== undefined) metadata[metadataName(name)] = value.toString("utf8");
    }
    return Object.keys(metadata).length === 0 ? undefined : metadata;
  }

  async #flush(): Promise<void> {
    const cursor = this.#nextCursor;
    if (cursor === undefined && this.#builder.records === 0) return;
    const checkpoints = cursor === undefined ? {} : { [cursorKey]: cursor };
    await this.#context.emitLogs(this.#builder.take(), checkpoints);
    this.#cursor = cursor ?? this.#cursor;
    this.#nextCursor = undefined;
  }
}

const ownFields = [
  "__CURSOR",
  "__REALTIME_TIMESTAMP",
  "MESSAGE",
  "PRIORITY",
  "_SYSTEMD_UNIT",
  "_TRANSPORT",
  "_HOSTNAME",
];

function metadataName(field: string): string {
  return field.replace(/^_+/, "").toLowerCase();
}

/** PRIORITY is syslog's number; unknown where there is none. */
function severityIn(fields: JournalEntry["fields"]): number {
  const priority = fields.get("PRIORITY")?.toString("latin1") ?? "";
  return /^[0-7]$/.test(priority) ? severityOfSyslog(Number(priority)) : 0;
}

/** When the journal received it, in microseconds. */
function timeIn(fields: JournalEntry["fields"]): { time?: { ms: number; nanos: number } } {
  const micros = fields.get("__REALTIME_TIMESTAMP")?.toString("latin1") ?? "";
  if (!/^\d{1,16}$/.test(micros)) return {};
  return {
    time: { ms: Math.floor(Number(micros) / 1_000), nanos: (Number(micros) % 1_000) * 1_000 },
  };
}

/** The end of what a process says on its standard error; reads it all, so that it never waits. */
async function lastWords(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text = (text + Buffer.from(chunk).toString("utf8")).slice(-500);
  return text.trim();
}
