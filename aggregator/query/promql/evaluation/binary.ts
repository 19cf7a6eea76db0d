import { printedLabels } from "#shared/model/printed_labels.ts";
import { columnWeight, type Histogram, sampleWeight } from "#shared/model/histogram.ts";
import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import { informOperands } from "../model/annotations.ts";
import { arithmetic, comparison } from "../model/arithmetic.ts";
import { type BinaryExpr, type Matching, isComparison } from "#shared/query_language/promql/ast.ts";
import { type EvalContext, breathe, renamed, spend } from "../model/context.ts";
import { executionError } from "#shared/query_language/promql/errors.ts";
import { combineHistograms } from "./histogram_binary.ts";
import { mergeSameLabels } from "../model/merge_same_labels.ts";
import {
  type StepSeries,
  absent,
  dropMetadata,
  float,
  hasSample,
  histogram,
  keepLabels,
  newSeries,
  putSample,
  sameLabelsError,
  sampleAt,
  withLabel,
  withoutLabels,
} from "../model/values.ts";

/**
 * What an operator makes of two numbers. `filter` decides whether the left one stays; else `compute` gives the result.
 * Operators that work on histograms alone have neither.
 */
type Operation = {
  readonly filter?: (a: number, b: number) => boolean;
  readonly compute?: (a: number, b: number) => number;
};

function operationOf(expr: BinaryExpr): Operation {
  const { op } = expr;
  if (op === "and" || op === "or" || op === "unless" || op === "</" || op === ">/") return {};
  if (!isComparison(op)) return { compute: arithmetic[op] };
  const filter = comparison[op];
  if (expr.bool) return { compute: (a, b) => (filter(a, b) ? 1 : 0) };
  return { filter, compute: (a) => a };
}

/** A vector and a scalar. A comparison keeps the vector's value on whichever side it stands. */
export async function vectorScalar(
  context: EvalContext,
  expr: BinaryExpr,
  series: readonly StepSeries[],
  scalar: Float64Array,
  scalarFirst: boolean,
): Promise<readonly StepSeries[]> {
  const { filter, compute } = operationOf(expr);
  const out: StepSeries[] = [];
  for (const [s, one] of series.entries()) {
    if (s % 64 === 0 || one.histograms !== undefined) await breathe(context.budget);
    // What is left of a sample by a comparison or a cut still goes by its name.
    const keepsName = filter !== undefined || compute === undefined;
    const after = keepsName ? one : renamed(context, one.labels);
    const target = newSeries(after.labels, scalar.length, after.dropName);
    for (let i = 0; i < scalar.length; i++) {
      if (one.present[i] === absent) continue;
      const value = one.values[i] ?? 0;
      const other = scalar[i] ?? 0;
      if (one.present[i] === histogram) {
        const sample = sampleAt(one, i);
        const [a, b] = scalarFirst ? [other, sample] : [sample, other];
        const result = combineHistograms(context, expr, a, b);
        if (result !== undefined) putSample(target, i, result);
        continue;
      }
      const [a, b] = scalarFirst ? [other, value] : [value, other];
      if (compute === undefined) {
        informOperands(context.notes, expr.span, expr.op, "float", "float");
        continue;
      }
      if (filter !== undefined && !filter(a, b)) continue;
      target.present[i] = float;
      target.values[i] = filter === undefined ? compute(a, b) : value;
    }
    if (!hasSample(target)) continue;
    spend(context.budget, columnWeight(scalar.length, target.histograms));
    out.push(target);
  }
  return mergeSameLabels(context.budget, out);
}

/** The labels that must agree for two series to meet. */
function signatureOf(matching: Matching, labels: Labels): Labels {
  if (matching.on) return keepLabels(labels, matching.labels);
  return withoutLabels(labels, [...matching.labels, metricNameLabel]);
}

export async function bySignature(
  { budget }: EvalContext,
  matching: Matching,
  series: readonly StepSeries[],
): Promise<Map<string, StepSeries[]>> {
  const groups = new Map<string, StepSeries[]>();
  for (const [i, one] of series.entries()) {
    if (i % 16 === 0) await breathe(budget);
    const key = labelsKey(signatureOf(matching, one.labels));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

/** The state of one vector-to-vector operation. `many` is the left side but for group_right. */
type Pairing = {
  readonly expr: BinaryExpr;
  readonly operation: Operation;
  readonly context: EvalContext;
  readonly count: number;
  readonly swapped: boolean;
  readonly fillMany: number | undefined;
  readonly fillOne: number | undefined;
  /** Steps at which anything can match; undefined where all are looked at. */
  readonly matchable: Uint8Array | undefined;
  readonly results: Map<string, StepSeries>;
};

/** Two vectors: series of equal signature meet, step by step. */
export async function vectorVector(
  context: EvalContext,
  expr: BinaryExpr,
  lhs: readonly StepSeries[],
  rhs: readonly StepSeries[],
  count: number,
): Promise<readonly StepSeries[]> {
  const operation = operationOf(expr);
  const { matching } = expr;
  const swapped = matching.group === "right";
  const manySide = await bySignature(context, matching, swapped ? rhs : lhs);
  const oneSide = await bySignature(context, matching, swapped ? lhs : rhs);
  const pairing: Pairing = {
    expr,
    operation,
    context,
    count,
    swapped,
    // With group_right the sides change places and the fill values don't: fill_left then fills the right side.
    fillMany: matching.fillLeft,
    fillOne: matching.fillRight,
    matchable: await matchableSteps(context, matching, [manySide, oneSide], count),
    results: new Map(),
  };
  const heavy = [...lhs, ...rhs].some(({ histograms }) => histograms !== undefined);
  let visited = 0;
  for (const key of new Set([...manySide.keys(), ...oneSide.keys()])) {
    if (visited++ % 32 === 0 || heavy) await breathe(context.budget);
    meet(pairing, manySide.get(key) ?? [], oneSide.get(key) ?? []);
  }
  return [...pairing.results.values()].filter(hasSample);
}

/**
 * Where one side as a whole is empty nothing can match, so in Prometheus duplicates on the other side are no error there. Undefined where there are none, and
 * where a side may be filled in.
 */
async function matchableSteps(
  { budget, refusesUnmatchedDuplicates }: EvalContext,
  { fillLeft, fillRight }: Matching,
  sides: readonly [ReadonlyMap<string, StepSeries[]>, ReadonlyMap<string, StepSeries[]>],
  count: number,
): Promise<Uint8Array | undefined> {
  if (refusesUnmatchedDuplicates || fillLeft !== undefined || fillRight !== undefined)
    return undefined;
  const hasDuplicates = [...sides[1].values()].some(({ length }) => length > 1);
  if (!hasDuplicates) return undefined;
  const steps = new Uint8Array(count).fill(float);
  for (const side of sides) {
    const any = new Uint8Array(count);
    for (const [s, { present }] of [...side.values()].flat().entries()) {
      if (s % 64 === 0) await breathe(budget);
      for (let i = 0; i < count; i++) if (present[i] !== absent) any[i] = float;
    }
    for (let i = 0; i < count; i++) if (any[i] === absent) steps[i] = absent;
  }
  return steps;
}

/** The result of every pair of series that has met, a filled-in side being undefined. */
type Targets = Map<StepSeries | undefined, Map<StepSeries | undefined, StepSeries>>;

function meet(pairing: Pairing, many: readonly StepSeries[], one: readonly StepSeries[]): void {
  const { count, fillMany, fillOne, expr, matchable } = pairing;
  if (one.length === 0 && fillOne === undefined) {
    return;
  }
  if (many.length === 0 && fillMany === undefined && one.length < 2) return;
  const targets: Targets = new Map();
  const oneToOne = expr.matching.group === "none";
  // Which result labels a step has had already, to tell many matches of one.
  const matched = new Map<StepSeries, Uint8Array>();
  for (let i = 0; i < count; i++) {
    if (matchable?.[i] === absent) continue;
    const partner = onlyPartner(pairing, one, i);
    let meetings = 0;
    for (const member of many) {
      if (member.present[i] === absent) continue;
      if (partner === undefined && fillOne === undefined) continue;
      if (++meetings > 1 && oneToOne) {
        throw executionError(
          "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
        );
      }
      const target = targetOf(pairing, targets, member, partner);
      if (!oneToOne) claim(matched, target, count, i);
      if (member.present[i] === float && partner?.present[i] !== histogram) {
        put(pairing, target, i, member.values[i] ?? 0, partner?.values[i] ?? fillOne ?? 0);
        continue;
      }
      const other = partner === undefined ? (fillOne ?? 0) : sampleAt(partner, i);
      putMixed(pairing, target, i, sampleAt(member, i), other);
    }
    if (meetings > 0 || partner === undefined || fillMany === undefined) continue;
    const target = targetOf(pairing, targets, undefined, partner);
    if (partner.present[i] === float) put(pairing, target, i, fillMany, partner.values[i] ?? 0);
    else putMixed(pairing, target, i, fillMany, sampleAt(partner, i));
  }
}

function claim(
  matched: Map<StepSeries, Uint8Array>,
  target: StepSeries,
  count: number,
  i: number,
): void {
  const steps = matched.get(target) ?? new Uint8Array(count);
  if (steps[i] === 1) {
    throw executionError("multiple matches for labels: grouping labels must ensure unique matches");
  }
  steps[i] = 1;
  matched.set(target, steps);
}

/** The series of the "one" side at a step; two are an error. */
function onlyPartner(
  pairing: Pairing,
  one: readonly StepSeries[],
  i: number,
): StepSeries | undefined {
  let partner: StepSeries | undefined;
  for (const candidate of one) {
    if (candidate.present[i] === absent) continue;
    if (partner !== undefined) throw duplicateError(pairing, partner, candidate);
    partner = candidate;
  }
  return partner;
}

function duplicateError({ expr, swapped, context }: Pairing, a: StepSeries, b: StepSeries): Error {
  const side = swapped ? "left" : "right";
  const unique = ";many-to-many matching not allowed: matching labels must be unique on one side";
  if (context.refusesUnmatchedDuplicates)
    return executionError(`found duplicate series on the ${side} hand-side${unique}`);
  const group = printedLabels(signatureOf(expr.matching, b.labels));
  const both = [printedLabels(a.labels), printedLabels(b.labels)].toSorted().join(", ");
  return executionError(
    `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: [${both}]${unique}`,
  );
}

function targetOf(
  pairing: Pairing,
  targets: Targets,
  many: StepSeries | undefined,
  one: StepSeries | undefined,
): StepSeries {
  const { expr, results, count, context } = pairing;
  const { matching } = expr;
  let ofMany = targets.get(many);
  if (ofMany === undefined) targets.set(many, (ofMany = new Map()));
  const known = ofMany.get(one);
  if (known !== undefined) return known;
  const manyLabels = many?.labels ?? signatureOf(matching, one?.labels ?? {});
  const oneLabels = one?.labels ?? signatureOf(matching, many?.labels ?? {});
  const labels = resultLabels(pairing, manyLabels, oneLabels);
  const key = labelsKey(labels);
  let target = results.get(key);
  if (target === undefined) {
    target = newSeries(labels, count, expr.bool && context.delayedNameRemoval);
    results.set(key, target);
    spend(context.budget, count);
  }
  ofMany.set(one, target);
  return target;
}

function resultLabels({ expr, context }: Pairing, many: Labels, one: Labels): Labels {
  const { matching } = expr;
  const drops = expr.op in arithmetic || (expr.bool && !context.delayedNameRemoval);
  let labels = drops ? dropMetadata(many) : many;
  if (matching.group === "none") {
    labels = matching.on
      ? keepLabels(labels, matching.labels)
      : withoutLabels(labels, matching.labels);
  }
  for (const name of matching.include) labels = withLabel(labels, name, one[name] ?? "");
  return labels;
}

function put(pairing: Pairing, target: StepSeries, i: number, many: number, one: number): void {
  const { operation, swapped, context, expr } = pairing;
  const [a, b] = swapped ? [one, many] : [many, one];
  if (operation.compute === undefined) {
    informOperands(context.notes, expr.span, expr.op, "float", "float");
    return;
  }
  if (operation.filter !== undefined && !operation.filter(a, b)) return;
  if (target.present[i] !== absent) throw sameLabelsError();
  target.present[i] = float;
  target.values[i] = operation.compute(a, b);
}

/** Where one side at least is a histogram. */
function putMixed(
  { swapped, context, expr }: Pairing,
  target: StepSeries,
  i: number,
  many: number | Histogram,
  one: number | Histogram,
): void {
  const [a, b] = swapped ? [one, many] : [many, one];
  const result = combineHistograms(context, expr, a, b);
  if (result === undefined) return;
  if (target.present[i] !== absent) throw sameLabelsError();
  if (typeof result !== "number") spend(context.budget, sampleWeight(result));
  putSample(target, i, result);
}
