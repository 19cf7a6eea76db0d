import type { Unit } from "../units/format.ts";

/** A vertical axis from zero: its end, and the distance of its lines. */
export type Scale = { readonly max: number; readonly step: number };

const linesMax = 5;
/** Refreshes that must agree before an axis shrinks. */
const shrinkAfter = 5;

/** The smallest round axis that holds `max`, with at most five lines; bytes on powers of two. */
export function roundScale(max: number, unit: Unit): Scale {
  if (!(max > 0) || !Number.isFinite(max)) return { max: 1, step: 0.5 };
  const step = roundStep((max * 1.04) / linesMax, unit);
  return { max: Math.ceil((max * 1.04) / step) * step, step };
}

function roundStep(wanted: number, unit: Unit): number {
  const binary = (unit === "bytes" || unit === "bytes_per_second") && wanted >= 1;
  if (binary) return 2 ** Math.ceil(Math.log2(wanted));
  const power = 10 ** Math.floor(Math.log10(wanted));
  const lead = wanted / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 2.5 ? 2.5 : lead <= 5 ? 5 : 10) * power;
}

/**
 * An axis that does not jump while live: it grows at once, and shrinks when several refreshes in a row needed less
 * than half of it. One per chart and zoom; `fixedMax` for what has a natural end.
 */
export function createAxis(unit: Unit, fixedMax?: number): (dataMax: number) => Scale {
  let current: Scale | undefined;
  let small = 0;
  return (dataMax) => {
    const wanted = roundScale(fixedMax ?? dataMax, unit);
    if (fixedMax !== undefined) return { max: fixedMax, step: fixedMax / 4 };
    small = current !== undefined && wanted.max < current.max / 2 ? small + 1 : 0;
    if (current === undefined || wanted.max > current.max || small >= shrinkAfter) current = wanted;
    return current;
  };
}
