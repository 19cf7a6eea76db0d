import { readFileSync } from "node:fs";
import { join } from "node:path";
import { YAML } from "bun";
import { runnableSources } from "#agent/collect/runnable_sources.ts";
import { AgentConfig } from "#agent/config/config.ts";
import { type Imported, importConfig } from "#agent/import/import_config.ts";
import type { Shipper } from "#agent/import/shippers.ts";
import { ProcessorChain } from "#agent/pipeline/processors/chain.ts";
import { LogMetrics } from "#agent/pipeline/processors/log_metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { type Processed, recordsOf } from "./processed.ts";
import { linesBatch } from "./lines_batch.ts";

const folder = join(import.meta.dir, "../../agent/import/fixtures");

/** A configuration out of agent/import/fixtures, imported; what it includes lies there, too. */
export function importedFixture(shipper: Shipper, file: string): Imported {
  return imported(shipper, readFileSync(join(folder, file), "utf8"), { file });
}

export function imported(
  shipper: Shipper,
  text: string,
  given: {
    readonly file?: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly expandEnv?: boolean;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Imported {
  const { file = "file", environment = {}, expandEnv = false, files } = given;
  const readBeside = (path: string): string => {
    const known = files?.[path];
    return known ?? readFileSync(join(folder, path), "utf8");
  };
  return importConfig(shipper, text, {
    file,
    environment,
    hostname: "here",
    expandEnv,
    readBeside,
  });
}

/** Lines through the source of that name, as `lapwing pipeline test` puts them through it. */
export function throughSource(
  { text }: Imported,
  name: string,
  lines: readonly string[],
): Processed & { readonly metrics: LogMetrics } {
  const config = AgentConfig.parse(YAML.parse(text));
  const source = runnableSources(config).find((own) => own.name === name);
  const metrics = new LogMetrics();
  const bound = [...(source?.processors?.bound ?? []), ...config.logs.processors.bound];
  const chain = new ProcessorChain(bound, { clock: systemClock, metrics }, undefined);
  const input = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  const around = { clock: systemClock, hostname: "here" };
  const given = source?.preview === undefined ? [linesBatch(lines)] : source.preview(input, around);
  const drops: Record<string, number> = {};
  const records: Processed["records"] = [];
  let last = linesBatch([]);
  for (const batch of given) {
    last = chain.apply(
      batch,
      (reason, items) => void (drops[reason] = (drops[reason] ?? 0) + items),
    );
    records.push(...recordsOf(last));
  }
  return { records, drops, batch: last, metrics };
}
