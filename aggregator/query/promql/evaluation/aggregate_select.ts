import { sortInTurns } from "#shared/async/sort_in_turns.ts";
import type { Labels } from "#shared/model/labels.ts";
import { informIgnoredHistogram, warn } from "../model/annotations.ts";
import { groupSeries } from "./aggregate.ts";
import type { AggregateExpr } from "#shared/query_language/promql/ast.ts";
import { type EvalContext, breathe } from "../model/context.ts";
import { executionError } from "#shared/query_language/promql/errors.ts";
import { formatShort } from "#shared/text/go_float_text.ts";
import { bySample } from "../model/sort_series.ts";
import { type StepSeries, absent, float, hasHistograms, hasSample } from "../model/values.ts";

/** Members of groups that are looked at, step by step, between two looks at the clock. */
const membersAtOnce = 20_000;
/** So few are found without sorting all. */
const fewMax = 50;
/** Larger groups are sorted with pauses. */
const sortedAtOnce = 1_000;
/** Label sets that are hashed between two looks at the clock. */
const hashedAtOnce = 32;

/** topk, bottomk, limitk, limit_ratio: some of the series of each group, step by step, as they are. */
export async function selectSeries(
  context: EvalContext,
  expr: AggregateExpr,
  series: readonly StepSeries[],
  params: Float64Array,
  count: number,
): Promise<readonly StepSeries[]> {
  if (!checkParams(context, expr, params)) return [];
  const ranked = expr.op === "topk" || expr.op === "bottomk";
  if (ranked && series.some(hasHistograms))
    informIgnoredHistogram(context.notes, expr.span, expr.op);
  const picked = new Map<StepSeries, StepSeries>();
  const order: StepSeries[] = [];
  for (const { members } of await groupSeries(context, expr, series)) {
    const ratios = await ratiosOf(context, expr, members);
    let looked = 0;
    for (let i = 0; i < count; i++) {
      if (looked === 0 || looked > membersAtOnce) {
        looked = 0;
        await breathe(context.budget);
      }
      looked += members.length;
      const chosen =
        ranked && Math.trunc(params[i] ?? 0) <= fewMax
          ? firstFew(members, i, Math.trunc(params[i] ?? 0), expr.op === "topk" ? -1 : 1)
          : await choose(context, expr, presentAt(members, i, ranked), ratios, params[i] ?? 0, i);
      for (const member of chosen) {
        let target = picked.get(member);
        if (target === undefined) {
          target = { ...member, present: new Uint8Array(count) };
          picked.set(member, target);
          order.push(target);
        }
        target.present[i] = member.present[i] ?? absent;
      }
    }
  }
  return order.filter(hasSample);
}

/** What limit_ratio decides by, of each series. */
async function ratiosOf(
  { budget }: EvalContext,
  { op }: AggregateExpr,
  members: readonly StepSeries[],
): Promise<ReadonlyMap<StepSeries, number>> {
  const ratios = new Map<StepSeries, number>();
  if (op !== "limit_ratio") return ratios;
  for (const [i, member] of members.entries()) {
    if (i % hashedAtOnce === 0) await breathe(budget);
    ratios.set(member, ratioOf(member.labels));
  }
  return ratios;
}

function checkParams(context: EvalContext, expr: AggregateExpr, params: Float64Array): boolean {
  const least = params.reduce((a, b) => Math.min(a, b), Infinity);
  const most = params.reduce((a, b) => Math.max(a, b), -Infinity);
  const span = expr.param?.span ?? expr.span;
  if (expr.op === "limit_ratio") {
    if (least === 0 && most === 0) return false;
    if (Number.isNaN(least)) throw executionError("Ratio value is NaN");
    const text = "ratio value should be between -1 and 1, got";
    if (most > 1) warn(context.notes, span, `${text} ${formatShort(most)}, capping to 1`);
    if (least < -1) warn(context.notes, span, `${text} ${formatShort(least)}, capping to -1`);
    return true;
  }
  if (most < 1) return false;
  if (Number.isNaN(least)) throw executionError("Parameter value is NaN");
  if (least <= -(2 ** 63))
    throw executionError(`Scalar value ${formatShort(least)} underflows int64`);
  if (most >= 2 ** 63) throw executionError(`Scalar value ${formatShort(most)} overflows int64`);
  return true;
}

async function choose(
  { budget }: EvalContext,
  expr: AggregateExpr,
  here: readonly StepSeries[],
  ratios: ReadonlyMap<StepSeries, number>,
  param: number,
  step: number,
): Promise<readonly StepSeries[]> {
  if (expr.op === "limit_ratio") {
    const limit = Math.max(-1, Math.min(1, param));
    if (limit === 0) return [];
    return here.filter((member) => {
      const ratio = ratios.get(member) ?? 0;
      return limit >= 0 ? ratio < limit : ratio >= 1 + limit;
    });
  }
  const k = Math.trunc(param);
  if (k < 1) return [];
  if (expr.op === "limitk") return here.slice(0, k);
  const sign = expr.op === "topk" ? -1 : 1;
  const compare = (a: StepSeries, b: StepSeries) =>
    bySample(a.values[step] ?? 0, b.values[step] ?? 0, sign);
  if (here.length <= sortedAtOnce) return here.toSorted(compare).slice(0, k);
  return (await sortInTurns(here, compare, () => breathe(budget))).slice(0, k);
}

function presentAt(
  members: readonly StepSeries[],
  step: number,
  ranked: boolean,
): readonly StepSeries[] {
  return members.filter(({ present }) =>
    ranked ? present[step] === float : present[step] !== absent,
  );
}

/** The first `count` numbers of a step in order; of equals the earlier ones. Most are only compared with the last of these. */
function firstFew(
  members: readonly StepSeries[],
  step: number,
  count: number,
  sign: 1 | -1,
): readonly StepSeries[] {
  const first: StepSeries[] = [];
  if (count < 1) return first;
  let last = Number.NaN;
  for (let m = 0; m < members.length; m++) {
    const member = members[m];
    if (member === undefined || member.present[step] !== float) continue;
    const value = member.values[step] ?? 0;
    if (first.length === count && bySample(last, value, sign) <= 0) continue;
    let at = first.length;
    while (at > 0 && bySample(first[at - 1]?.values[step] ?? 0, value, sign) > 0) at--;
    first.splice(at, 0, member);
    if (first.length > count) first.pop();
    last = first.at(-1)?.values[step] ?? 0;
  }
  return first;
}

/**
 * Where a series stands in [0, 1): the xxHash64 of its labels, each text behind its length, as Prometheus lays them out in
 * memory. So both pick the same series.
 */
function ratioOf(labels: Labels): number {
  const parts: Buffer[] = [];
  for (const name of Object.keys(labels).toSorted()) {
    for (const text of [name, labels[name] ?? ""]) {
      const bytes = Buffer.from(text);
      const { length } = bytes;
      const size =
        length < 255 ? [length] : [255, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff];
      parts.push(Buffer.from(size), bytes);
    }
  }
  return Number(Bun.hash.xxHash64(Buffer.concat(parts))) / 2 ** 64;
}
