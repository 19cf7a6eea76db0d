import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { LineMiner } from "#agent/pipeline/mining/line_miner.ts";
import { PatternTree } from "#aggregator/patterns/pattern_tree.ts";
import { type LabelledLine, groupingAccuracy, readLabelled } from "./templates_labelled.ts";
import { linesBatch } from "#test/support/lines_batch.ts";

/** Lines that the miner gets at a time, as a tail would bring them. */
const batchLines = 500;

/**
 * `bun run conformance:templates DIR`: for every `*_structured.csv` in the folder (LogHub's form: a line's Content and the EventId that people gave
 * it) the share of lines whose group is exactly the labelled one (grouping accuracy, Zhu et al., ICSE-SEIP 2019), and their average.
 * `--json` for machines.
 */
export function patternsOf(lines: readonly string[]): string[] {
  const miner = new LineMiner();
  const tree = new PatternTree();
  const templates: string[] = [];
  for (let from = 0; from < lines.length; from += batchLines) {
    const some = lines.slice(from, from + batchLines);
    const { mined } = miner.mine(linesBatch(some));
    for (const [i, line] of some.entries())
      templates.push(mined?.templates[mined.templateOf[i] ?? -1]?.text ?? line);
  }
  for (const template of templates) tree.of(template);
  return templates.map((template) => tree.of(template).id);
}

export function accuracyOf(labelled: readonly LabelledLine[]): number {
  const groups = patternsOf(labelled.map(({ content }) => content));
  return groupingAccuracy(
    groups,
    labelled.map(({ event }) => event),
  );
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false } },
  });
  const folder = positionals[0] ?? ".";
  const files = [...new Bun.Glob("**/*_structured.csv").scanSync(folder)].toSorted();
  const results = files.map((file) => {
    const labelled = readLabelled(readFileSync(join(folder, file), "utf8"));
    const name = basename(file).replace(/(_2k)?(\.log)?_structured\.csv$/, "");
    return { name, lines: labelled.length, accuracy: accuracyOf(labelled) };
  });
  const average = results.reduce((sum, { accuracy }) => sum + accuracy, 0) / results.length;
  if (values.json) console.log(JSON.stringify({ average, sets: results }));
  else {
    for (const { name, lines, accuracy } of results)
      console.log(`${name}: ${accuracy.toFixed(3)} of ${lines} lines`);
    console.log(`average ${average.toFixed(3)} over ${results.length} sets`);
  }
}

if (import.meta.main) main();
