// Hot: guarded by `bench search`.
import type { LogsBatch } from "#shared/model/logs.ts";
import type { LineHint } from "../read/source.ts";
import type { LabelFilter, Stage } from "#shared/query_language/logql/ast.ts";
import {
  type RecordState,
  clashSuffix,
  errorDetailsLabel,
  errorLabel,
  labelOf,
  levelLabel,
} from "./record_state.ts";

/**
 * What a line has to hold if a condition on a parsed label is to be met: `| json | path="/cart"` needs "/cart" in the line, or a
 * backslash, since texts may be escaped. A batch's lines are searched as one text, so that most are never parsed.
 */
export type Prefilter = {
  /** Whether the record may pass. Where the label comes from the stream or from metadata the line says nothing. */
  readonly open: (batch: LogsBatch, rows: number) => (state: RecordState, row: number) => boolean;
};

/** One of the texts has to be in the line, unless the label is known without it. */
type Clause = { readonly names: readonly string[]; readonly texts: readonly string[] };

const parsers: ReadonlySet<Stage["type"]> = new Set(["json", "logfmt", "regexp", "pattern"]);
const transparent: ReadonlySet<Stage["type"]> = new Set([
  ...parsers,
  "line_filter",
  "label_filter",
]);
/** Below this share of a batch's records its whole text is not worth a search. */
const shareMin = 1 / 8;

/**
 * What the store can be told of stages, and of the label that is unwrapped behind them, so that lines which cannot pass are not even made.
 */
export function hintsOf(stages: readonly Stage[], unwrapped: string | undefined): LineHint[] {
  const parsed = stages.filter(({ type }) => parsers.has(type));
  const isNamed =
    parsed.length > 0 &&
    parsed.every(namesAsFields) &&
    stages.every(({ type }) => transparent.has(type));
  const ofUnwrap = isNamed && unwrapped !== undefined ? named(unwrapped) : [];
  return [...stageClauses(stages), ...ofUnwrap]
    .filter(({ names }) => !names.some(isKnownElsewhere))
    .map(({ names, texts }) => ({ texts: [...texts, "\\"], unless: names }));
}

/** Labels that records have of other things than the labels of that name. */
function isKnownElsewhere(name: string): boolean {
  return name === levelLabel || name.endsWith(clashSuffix);
}

function stageClauses(stages: readonly Stage[]): Clause[] {
  const clauses: Clause[] = [];
  let [isParsed, isNamed] = [false, true];
  for (const stage of stages) {
    if (!transparent.has(stage.type)) break;
    if (parsers.has(stage.type)) {
      isParsed = true;
      isNamed &&= namesAsFields(stage);
    }
    if (isParsed && stage.type === "label_filter")
      clauses.push(...clausesOf(stage.filter, isNamed));
  }
  return clauses;
}

/** Whether labels of a parser have the names of the line's fields, and not of the query. */
function namesAsFields(stage: Stage): boolean {
  return (stage.type === "json" || stage.type === "logfmt") && stage.extractions.length === 0;
}

/** The prefilter of stages, or undefined where they ask for nothing that a line could lack. */
export function prefilterOf(stages: readonly Stage[]): Prefilter | undefined {
  const clauses = stageClauses(stages);
  if (clauses.length === 0) return undefined;
  return {
    open: (batch, rows) => {
      if (rows < batch.streamOf.length * shareMin) return () => true;
      const tests = clauses.map((one) => openClause(one, batch));
      return (state, row) => tests.every((test) => test(state, row));
    },
  };
}

function openClause({ names, texts }: Clause, batch: LogsBatch) {
  const hits = new Uint8Array(batch.streamOf.length);
  for (const text of [...texts, "\\"]) markRows(batch, text, hits);
  return (state: RecordState, row: number) =>
    hits[row] === 1 || names.some((name) => labelOf(state, name) !== undefined);
}

/** Marks the records in whose bodies the text is. */
function markRows({ bodies, bodyEnds }: LogsBatch, text: string, hits: Uint8Array): void {
  const all = Buffer.from(bodies.buffer, bodies.byteOffset, bodies.length);
  const needle = Buffer.from(text);
  let row = 0;
  let at = all.indexOf(needle);
  while (at >= 0 && row < hits.length) {
    while (row < hits.length && (bodyEnds[row] ?? 0) <= at) row++;
    const end = bodyEnds[row] ?? 0;
    if (at + needle.length <= end) {
      hits[row] = 1;
      at = all.indexOf(needle, end);
    } else at = all.indexOf(needle, at + 1);
  }
}

function clausesOf(filter: LabelFilter, isNamed: boolean): Clause[] {
  switch (filter.kind) {
    case "and":
      return [...clausesOf(filter.left, isNamed), ...clausesOf(filter.right, isNamed)];
    case "or": {
      const [left] = clausesOf(filter.left, isNamed);
      const [right] = clausesOf(filter.right, isNamed);
      if (left === undefined || right === undefined) return [];
      return [{ names: [...left.names, ...right.names], texts: [...left.texts, ...right.texts] }];
    }
    case "matcher": {
      const { name, op, value } = filter.matcher;
      if (name === errorLabel || name === errorDetailsLabel) return [];
      const texts = op === "=" ? [value] : op === "=~" ? alternatives(value) : [];
      return clause(name, texts.map(longestPlain));
    }
    case "ip":
      return [];
    default:
      // Records without the label are dropped: its name, or the longest part between what may have been other characters, is in the line.
      return isNamed ? named(filter.name) : [];
  }
}

function named(name: string): Clause[] {
  return clause(name, [longestWord(name)]);
}

function clause(name: string, texts: readonly string[]): Clause[] {
  return texts.length === 0 || texts.includes("") ? [] : [{ names: [name], texts }];
}

function alternatives(pattern: string): string[] {
  return /^[\w -]+(?:\|[\w -]+)*$/.test(pattern) ? pattern.split("|") : [];
}

/** Spaces may stand for bytes that are no text, so what is looked for has none, nor anything beyond ASCII. */
function longestPlain(text: string): string {
  return longest(text.split(/[^!-~]+/));
}

function longestWord(name: string): string {
  return longest(name.replace(/_extracted$/, "").split("_"));
}

function longest(parts: readonly string[]): string {
  return parts.reduce((best, part) => (part.length > best.length ? part : best), "");
}
