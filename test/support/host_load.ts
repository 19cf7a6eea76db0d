/**
 * What an agent on a host has to do, as a process of its own, so that its cost is not the agent's:
 *
 *     bun host_load.ts TARGETS SERIES_A_TARGET LOG_FOLDER LINES_PER_SECOND
 *
 * Serves recorded node_exporter scrapes on a port a target, each answer 15 s after the one before, and appends lines to a file.
 * Prints the ports as JSON.
 */
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { RedrawnLines, logSystems } from "./log_corpus.ts";
import { recordedScrapesAt15s } from "./recorded_scrapes.ts";

const sliceMs = 100;

if (import.meta.main) {
  const [targets = "", series = "", folder = "", rate = ""] = process.argv.slice(2);
  const ports = await serveTargets(Number(targets), Number(series));
  process.stdout.write(`${JSON.stringify(ports)}\n`);
  await writeLines(join(folder, "app.log"), Number(rate));
}

async function serveTargets(targets: number, series: number): Promise<number[]> {
  const scrapes = await recordedScrapesAt15s();
  return Array.from({ length: targets }, (_, target) => {
    // Targets stand at different places of the recording, so that they are not the same host.
    let at = target * 17;
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => {
        const text = scrapes[at++ % scrapes.length]?.text ?? "";
        return new Response(Bun.gzipSync(withSeries(text, series)), {
          headers: { "Content-Type": "text/plain; version=0.0.4", "Content-Encoding": "gzip" },
        });
      },
    });
    return server.port ?? 0;
  });
}

/** The exposition with as many series as wanted: sample lines are repeated with a label `part`, or left out from the end. */
export function withSeries(text: string, wanted: number): string {
  const lines = text.split("\n");
  const count = lines.filter((line) => line !== "" && !line.startsWith("#")).length;
  const out: string[] = [];
  let n = 0;
  for (const line of lines) {
    if (line === "" || line.startsWith("#")) {
      out.push(line);
      continue;
    }
    const copies = Math.floor(wanted / count) + (n++ < wanted % count ? 1 : 0);
    for (let part = 0; part < copies; part++) out.push(part === 0 ? line : withPart(line, part));
  }
  return out.join("\n");
}

function withPart(line: string, part: number): string {
  const brace = line.indexOf("{");
  if (brace >= 0) return `${line.slice(0, brace + 1)}part="${part}",${line.slice(brace + 1)}`;
  const space = line.indexOf(" ");
  return `${line.slice(0, space)}{part="${part}"}${line.slice(space)}`;
}

async function writeLines(path: string, linesPerSecond: number): Promise<void> {
  const file = openSync(path, "a");
  const source = new RedrawnLines(
    logSystems().flatMap(({ lines }) => lines),
    1,
  );
  const beganMs = performance.now();
  for (let written = 0; ;) {
    const due = Math.floor(((performance.now() - beganMs) / 1_000) * linesPerSecond);
    const { bytes, lines } = source.take(due - written);
    writeSync(file, bytes);
    written += lines;
    await Bun.sleep(sliceMs);
  }
}
