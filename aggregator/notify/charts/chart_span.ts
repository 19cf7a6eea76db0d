export type ChartSpan = {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
};

/** The time before an alert fired that its chart shows at least, and what a chart shows at most. */
const [beforeMsMin, spanMsMax] = [45 * 60_000, 7 * 86_400_000];
const pointsMax = 240;
const stepMsMin = 15_000;

/** The time around the start of an alert: from 45 minutes or half of its life before, up to now. */
export function spanOf(firedMs: number, nowMs: number): ChartSpan {
  const firedForMs = Math.max(0, nowMs - firedMs);
  const spanMs = Math.min(firedForMs + Math.max(beforeMsMin, firedForMs / 2), spanMsMax);
  const stepMs = Math.max(stepMsMin, Math.ceil(spanMs / pointsMax / 1_000) * 1_000);
  return { startMs: nowMs - Math.floor(spanMs / stepMs) * stepMs, endMs: nowMs, stepMs };
}
