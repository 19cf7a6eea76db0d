import { unmined } from "#shared/model/line_template.ts";
import { type Literals, RegexProgram } from "#shared/text/regex_program.ts";
import { type LinearRegex, searchingRegex } from "#shared/text/linear_regex.ts";
import { queryStepsMax } from "#shared/text/regex_limits.ts";
import { allRows } from "../../../read/log_slices.ts";
import type { LineFilter } from "../../../read/source.ts";
import { markRegex, markWhole, planRegex } from "./find_regex.ts";
import {
  digitsOf,
  markNeedle,
  type Needle,
  needleOf,
  type NeedlePlan,
  planNeedle,
} from "./find_needle.ts";
import type { LoadColumns, LogGroup } from "../log_group.ts";
import { type GroupIndex, mayHoldLiterals } from "./search_index.ts";
import { TemplateRegex } from "./template_regex.ts";
import { bodyColumns, rebuildBodies } from "../rebuild.ts";
import { bufferOf } from "../texts/text_tests.ts";

export type GroupFilter = {
  /** Whether a line of the row group may pass, as far as its footer says. */
  mayPass(index: GroupIndex): boolean;
  /** Tests lines of a row group: takes out of `passing`, an entry a row, those that fail. `group` has its templates. */
  filter(
    group: LogGroup,
    index: GroupIndex | undefined,
    load: LoadColumns,
    passing: Uint8Array,
  ): Promise<void>;
};

/** Filters of a scan; literals first, as they leave less to regular expressions. Throws OperatingError("bad_request"). */
export function compileGroupFilters(filters: readonly LineFilter[]): readonly GroupFilter[] {
  return [
    ...filters.filter(isLiteral).map(literalFilter),
    ...filters.filter((filter) => !isLiteral(filter)).map(regexFilter),
  ];
}

function isLiteral({ op }: LineFilter): boolean {
  return op === "|=" || op === "!=";
}

function literalFilter({ op, values }: LineFilter): GroupFilter {
  const needles = values.map(needleOf);
  const isWanted = op === "|=";
  return {
    mayPass: (index) => !isWanted || needles.some(({ bytes }) => index.mayHoldLine(bytes)),
    async filter(group, index, load, passing) {
      const hits = await findNeedles(needles, group, index, load);
      keep(passing, hits, isWanted);
    },
  };
}

/** Rows whose lines hold one of the needles. */
async function findNeedles(
  needles: readonly Needle[],
  group: LogGroup,
  index: GroupIndex | undefined,
  load: LoadColumns,
): Promise<Uint8Array> {
  const mayHold = (name: string, needle: Uint8Array) => index?.mayHold(name, needle) !== false;
  const hits = new Uint8Array(group.rows);
  const plans = needles
    .filter(({ bytes }) => index?.mayHoldLine(bytes) !== false)
    .map((needle) => planNeedle(group, needle, mayHold));
  await load(
    plans.flatMap(({ columns }) => [...columns]),
    false,
  );
  const digits = plans.flatMap((plan) => [...digitsOf(group, plan)]);
  if (digits.length > 0) await load(digits);
  for (const plan of plans) await mark(group, load, plan, hits);
  return hits;
}

async function mark(
  group: LogGroup,
  load: LoadColumns,
  plan: NeedlePlan,
  hits: Uint8Array,
): Promise<void> {
  if (plan.alignments.some(({ across }) => across === undefined)) await load(bodyColumns(group));
  markNeedle(group, plan, hits, (template, needle) => markRebuilt(group, template, needle, hits));
}

function markRebuilt(
  group: LogGroup,
  template: number,
  needle: Uint8Array,
  hits: Uint8Array,
): void {
  const { numbers } = group.templates;
  const rows: number[] = [];
  for (let row = 0; row < numbers.length; row++)
    if ((numbers[row] ?? unmined) === template && hits[row] === 0) rows.push(row);
  const { bodies, bodyEnds } = rebuildBodies(group, Uint32Array.from(rows));
  let start = 0;
  for (const [i, end] of bodyEnds.entries()) {
    if (bufferOf(bodies.subarray(start, end)).includes(needle)) hits[rows[i] ?? 0] = 1;
    start = end;
  }
}

/** A regular expression, with all that was found out of it so far. */
type CompiledRegex = {
  readonly whole: LinearRegex;
  readonly program: RegexProgram | undefined;
  readonly needles: readonly Needle[];
  readonly regex: TemplateRegex | undefined;
};

const regexesMax = 8;
const templatesMax = 20_000;
const lastUsed = new Map<string, CompiledRegex>();

/** The same for equal patterns, of those that were used last: a view that is shown asks the same again and again. Throws OperatingError. */
function compiled(pattern: string): CompiledRegex {
  let one = lastUsed.get(pattern);
  lastUsed.delete(pattern);
  if (one === undefined || (one.regex?.templates ?? 0) > templatesMax || one.regex?.hasFailed) {
    const whole = searchingRegex(pattern, queryStepsMax());
    const program = RegexProgram.of(pattern);
    const needles = longestOf(program?.literals).map(needleOf);
    one = { whole, program, needles, regex: program && new TemplateRegex(program) };
  }
  lastUsed.set(pattern, one);
  for (const oldest of lastUsed.keys()) {
    if (lastUsed.size <= regexesMax) break;
    lastUsed.delete(oldest);
  }
  return one;
}

function regexFilter({ op, values }: LineFilter): GroupFilter {
  const regexes = values.map(compiled);
  const isWanted = op === "|~";
  return {
    mayPass: (index) =>
      !isWanted ||
      regexes.some(
        ({ program }) =>
          program?.literals === undefined || mayHoldLiterals(index, program.literals),
      ),
    async filter(group, index, load, passing) {
      const hits = new Uint8Array(group.rows);
      for (const { whole, regex, needles } of regexes) {
        const wanted = await narrowed(needles, group, index, load, passing);
        if (!wanted.includes(1)) continue;
        const plan = regex && planRegex(group, regex, index, wanted);
        if (regex === undefined || plan === undefined || regex.hasFailed) {
          await load(bodyColumns(group));
          await markWhole(group, whole, Array.from(rowsOf(wanted)), hits);
          continue;
        }
        await load(plan.columns, false);
        await markRegex(group, { regex, whole, plan }, load, wanted, hits);
      }
      keep(passing, hits, isWanted);
    },
  };
}

/** Shorter literals are in most lines, so that to look for them is in vain. */
const literalBytesMin = 3;
const literalsMax = 4;

/** Rows of `passing` that hold one of the texts of which a match has one; all where that is not worth a search. */
async function narrowed(
  needles: readonly Needle[],
  group: LogGroup,
  index: GroupIndex | undefined,
  load: LoadColumns,
  passing: Uint8Array,
): Promise<Uint8Array> {
  const isShort = needles.some(({ bytes }) => bytes.length < literalBytesMin);
  if (needles.length === 0 || isShort || needles.length > literalsMax) return passing;
  const found = await findNeedles(needles, group, index, load);
  for (let row = 0; row < found.length; row++) found[row] = (found[row] ?? 0) & (passing[row] ?? 0);
  return found;
}

function shortest(texts: readonly string[]): number {
  return Math.min(...texts.map(({ length }) => length));
}

/** Texts one of which is in every match; none where that is not known. */
function longestOf(literals: Literals | undefined): string[] {
  if (literals === undefined) return [];
  if (literals.kind === "text") return [literals.text];
  const lists = literals.of.map((one) => longestOf(one));
  if (literals.kind === "any") return lists.some((list) => list.length === 0) ? [] : lists.flat();
  return (
    lists.filter(({ length }) => length > 0).toSorted((a, b) => shortest(b) - shortest(a))[0] ?? []
  );
}

function keep(passing: Uint8Array, hits: Uint8Array, isWanted: boolean): void {
  const wanted = Number(isWanted);
  if (!hits.includes(wanted)) {
    passing.fill(0);
    return;
  }
  for (let row = 0; row < passing.length; row++) if (hits[row] !== wanted) passing[row] = 0;
}

/** Indexes of the entries that are set. */
export function rowsOf(passing: Uint8Array): Uint32Array {
  if (!passing.includes(1)) return new Uint32Array();
  let count = 0;
  for (let row = 0; row < passing.length; row++) count += passing[row] ?? 0;
  if (count === passing.length) return allRows(count);
  const rows = new Uint32Array(count);
  let next = 0;
  for (let row = 0; next < count; row++) if (passing[row] === 1) rows[next++] = row;
  return rows;
}
