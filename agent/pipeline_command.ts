import type { Command } from "commander";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { severity } from "#shared/model/logs.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { hostName } from "#shared/runtime/config/base_config.ts";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config/config_file.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { parseDuration } from "#shared/text/duration.ts";
import type { LogPreview } from "./collect/source.ts";
import { provenanceNames } from "./collect/sources/provenance.ts";
import { sources } from "./collect/sources/registry.ts";
import type { RunnableSource } from "./collect/collector.ts";
import { runnableSources } from "./collect/runnable_sources.ts";
import { AgentConfig } from "./config/config.ts";
import { ProcessorChain } from "./pipeline/processors/chain.ts";
import type { BoundProcessor } from "./pipeline/processors/processor.ts";
import { LogMetrics } from "./pipeline/processors/log_metrics.ts";
import { Records } from "./pipeline/processors/records.ts";

/** `lapwing pipeline test|explain`: what becomes of lines, and where a stored line came from. */
export function pipelineCommand(command: Command): void {
  command.description("see what the agent's pipeline makes of lines");
  configFlags(
    command
      .command("test")
      .description("put lines of the standard input through a source's pipeline; store nothing"),
  )
    .option(
      "--source <name>",
      "a source or receiver, by name or type (default: the first source that reads files)",
    )
    .action((_: unknown, own: Command) => testLines(own.optsWithGlobals()));
  command
    .command("explain")
    .argument("<selector>", "LogQL that finds the lines")
    .description("tell which agent, file, offset and configuration stored lines came from")
    .option("--url <url>", "where Lapwing runs", process.env.LAPWING_URL ?? "http://127.0.0.1:7600")
    .option("--since <duration>", "how far back", "1h")
    .option("--limit <n>", "lines at most", "10")
    .action(explain);
}

type Way = { readonly preview: LogPreview; readonly processors: readonly BoundProcessor[] };

async function testLines(flags: ConfigFlags & { readonly source?: string }): Promise<void> {
  const config = await loadConfig(AgentConfig, flags);
  const { preview, processors } = wayOf(config, flags.source);
  const metrics = new LogMetrics();
  const bound = [...processors, ...config.logs.processors.bound];
  const chain = new ProcessorChain(bound, { clock: systemClock, metrics }, undefined);
  const labels = { ...config.global.external_labels, ...config.agent.labels };
  const input = Buffer.from(await Bun.stdin.arrayBuffer());
  const out = Bun.stdout.writer();
  const hostname = config.agent.name ?? hostName();
  for (const batch of preview(input, { clock: systemClock, hostname })) {
    const records = new Records(batch);
    chain.run(records);
    for (let i = 0; i < records.length; i++)
      void out.write(`${JSON.stringify(recordShown(records, i, labels))}\n`);
  }
  await out.end();
  const made = metrics.collect(systemClock.now());
  for (const [i, series] of (made?.schema.series ?? []).entries())
    console.error(`metric ${JSON.stringify(series)} ${made?.rows[0]?.values[i] ?? ""}`);
}

/** The name that a source was given. */
function given({ name, type }: RunnableSource): string {
  return name.slice(type.length + 1);
}

/** The source or receiver of that name: its full name, the name that it was given, or its type. */
function wayOf(config: z.output<typeof AgentConfig>, name: string | undefined): Way {
  const named = runnableSources(config).filter((source) => source.processors !== undefined);
  const found =
    name === undefined
      ? named.filter((source) => readsFiles.has(source.type))
      : ([
          named.filter((source) => source.name === name),
          named.filter((source) => given(source) === name),
          named.filter((source) => source.type === name),
        ].find((group) => group.length > 0) ?? []);
  const [first, ...others] = found;
  if (first !== undefined) {
    if (name !== undefined && others.length > 0) {
      const names = others.map((source) => source.name).join(", ");
      console.error(`--source ${name}: took ${first.name}; others of that name: ${names}`);
    }
    if (!readsFiles.has(first.type)) sayPlain(first.name);
    return {
      preview: first.preview ?? plainPreview("files"),
      processors: first.processors?.bound ?? [],
    };
  }
  if (name === undefined) return { preview: plainPreview("files"), processors: [] };
  const processors = config.receivers.bound.get(name)?.processors;
  if (processors !== undefined) {
    sayPlain(name);
    return { preview: plainPreview(name), processors: processors.bound };
  }
  const ofLogs = [...config.receivers.bound.values()].filter((one) => one.processors !== undefined);
  const known = [...named.map((source) => source.name), ...ofLogs.map(({ type }) => type)];
  throw new OperatingError(
    "bad_request",
    `--source is "${name}": expected one of ${known.join(", ")}`,
  );
}

const readsFiles = new Set(["container_logs", "file_logs"]);

/** What comes with a message besides its text is not there. */
function sayPlain(name: string): void {
  console.error(`${name}: each line is taken as the body of a record, without other fields`);
}

/** Lines as bodies of records. */
function plainPreview(job: string): LogPreview {
  const made = sources.file_logs?.({ job });
  if (made === undefined || !("bound" in made) || made.bound.preview === undefined)
    throw new OperatingError("unavailable", "this build reads no files");
  return made.bound.preview;
}

function recordShown(records: Records, i: number, labels: Labels): Record<string, unknown> {
  const by = records.droppedBy(i);
  const ms = records.timestampMs(i);
  const nanos = String(records.nanos(i)).padStart(6, "0");
  return {
    timestamp: new Date(ms).toISOString().replace("Z", `${nanos}Z`),
    severity: severityName(records.severity(i)),
    stream: { ...labels, ...records.stream(i) },
    attributes: records.attributes(i) ?? {},
    body: records.bodyText(i),
    ...(by === undefined ? {} : { dropped_by: by }),
  };
}

/** The name of a range of OpenTelemetry's numbers. */
function severityName(number: number): string {
  const names = Object.entries(severity).toSorted(([, a], [, b]) => b - a);
  return names.find(([, least]) => number >= least)?.[0] ?? "unknown";
}

const Found = z.object({
  data: z.object({
    result: z.array(
      z.object({
        stream: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())),
      }),
    ),
  }),
});

type ExplainFlags = { readonly url: string; readonly since: string; readonly limit: string };

async function explain(selector: string, { url, since, limit }: ExplainFlags): Promise<void> {
  const sinceMs = parseDuration(since);
  if (sinceMs === undefined)
    throw new OperatingError(
      "bad_request",
      `--since is "${since}": expected a duration such as 15m`,
    );
  const asked = new URL("/loki/api/v1/query_range", url);
  asked.searchParams.set("query", selector);
  asked.searchParams.set("start", `${BigInt(Date.now() - sinceMs) * 1_000_000n}`);
  asked.searchParams.set("limit", limit);
  const result = await answerOf(asked);
  const lines = result.flatMap(({ stream, values }) =>
    values.map(([time, body]) => ({ time: BigInt(time), body, stream })),
  );
  lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  for (const { time, body, stream } of lines) {
    const { [provenanceNames.agent]: agent, [provenanceNames.config]: config } = stream;
    const { [provenanceNames.file]: file, [provenanceNames.offset]: offset } = stream;
    const at = new Date(Number(time / 1_000_000n)).toISOString();
    const origin =
      agent === undefined
        ? { unknown: "its source does not have provenance: true" }
        : { agent, ...(file === undefined ? {} : { file, offset: Number(offset) }), config };
    console.log(JSON.stringify({ timestamp: at, ...origin, body }));
  }
  if (lines.length === 0) console.error(`no line of the last ${since} matches`);
}

async function answerOf(asked: URL): Promise<z.output<typeof Found>["data"]["result"]> {
  let response: Response;
  try {
    response = await fetch(asked);
  } catch (cause) {
    const message = `no answer from ${asked.origin} (${messageOf(cause)}): --url or LAPWING_URL`;
    throw new OperatingError("unavailable", message, { cause });
  }
  const text = await response.text();
  if (!response.ok) throw new OperatingError("bad_request", text.trim());
  return Found.parse(JSON.parse(text)).data.result;
}
