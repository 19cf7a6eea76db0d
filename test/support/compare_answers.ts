import { z } from "zod";

const Point = z.tuple([z.number(), z.string()]);
const Series = z.object({
  metric: z.record(z.string(), z.string()),
  value: Point.optional(),
  values: z.array(Point).optional(),
});
const Answer = z.union([
  z.object({
    status: z.literal("success"),
    data: z.object({ resultType: z.string(), result: z.union([z.array(Series), Point]) }),
  }),
  z.object({ status: z.literal("error"), errorType: z.string(), error: z.string() }),
]);

/** Where two answers of Prometheus's query endpoints differ beyond rounding; and how many samples the first holds. */
export function differences(
  wanted: unknown,
  got: unknown,
): { readonly reasons: string[]; readonly samples: number } {
  const [a, b] = [Answer.parse(wanted), Answer.parse(got)];
  if (a.status === "error" || b.status === "error") {
    const same = a.status === "error" && b.status === "error" && a.errorType === b.errorType;
    const told = (one: typeof a) => (one.status === "error" ? one.error : "success");
    return { reasons: same ? [] : [`expected ${told(a)}`, `got ${told(b)}`], samples: 0 };
  }
  const reasons: string[] = [];
  if (a.data.resultType !== b.data.resultType)
    reasons.push(`expected ${a.data.resultType}, got ${b.data.resultType}`);
  const [rows, others] = [samplesOf(a.data.result), samplesOf(b.data.result)];
  for (const [place, value] of rows) {
    const other = others.get(place);
    if (other === undefined || !isClose(Number(value), Number(other)))
      reasons.push(`expected ${place} ${value}, got ${other ?? "nothing"}`);
  }
  for (const [place, value] of others)
    if (!rows.has(place)) reasons.push(`unexpected ${place} ${value}`);
  return { reasons, samples: rows.size };
}

/** Values by series and time. */
function samplesOf(
  result: z.output<typeof Point> | z.output<typeof Series>[],
): Map<string, string> {
  const samples = new Map<string, string>();
  for (const one of result) {
    if (typeof one === "number" || typeof one === "string") continue;
    const labels = JSON.stringify(
      Object.entries(one.metric).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
    const points = one.value === undefined ? (one.values ?? []) : [one.value];
    for (const [time, value] of points) samples.set(`${labels}@${time}`, number(value));
  }
  return samples;
}

/** Go writes infinity otherwise than JavaScript reads it. */
function number(text: string): string {
  return text.replace("Inf", "Infinity");
}

/**
 * Sums are taken in another order and compensated otherwise from version to version: what is left of a difference
 * of large numbers (stdvar, deriv) agrees to a millionth or to nearly nothing.
 */
function isClose(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  const difference = Math.abs(a - b);
  return difference <= 1e-6 * Math.max(Math.abs(a), Math.abs(b)) || difference < 1e-9;
}
