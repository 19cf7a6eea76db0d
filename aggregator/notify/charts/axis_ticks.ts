export type Tick = { readonly at: number; readonly text: string };

/** Round values that divide a span into some four parts. `scale` is what the labels count in, such as 1,024. */
export function valueTicks(low: number, high: number, scale: number): number[] {
  const step = roundStep((high - low) / scale / 4) * scale;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high * (1 + 1e-9) + 1e-12; i++)
    ticks.push(i * step);
  return ticks;
}

function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const lead = size / power;
  const round = lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 2.5 ? 2.5 : lead <= 5 ? 5 : 10;
  return round * power;
}

const minuteMs = 60_000;
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080].map(
  (minutes) => minutes * minuteMs,
);
const dayMs = 1_440 * minuteMs;

/** Times at round minutes, hours or days of UTC, five at most. */
export function timeTicks(startMs: number, endMs: number): Tick[] {
  const stepMs =
    timeSteps.find((step) => (endMs - startMs) / step <= 5) ?? Math.ceil((endMs - startMs) / 5);
  const ticks: Tick[] = [];
  for (let at = Math.ceil(startMs / stepMs) * stepMs; at <= endMs; at += stepMs)
    ticks.push({ at, text: stepMs >= dayMs / 2 ? dayText(at) : clockText(at) });
  return ticks;
}

/** "14:03". */
export function clockText(ms: number): string {
  return new Date(ms).toISOString().slice(11, 16);
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** "25 Nov", with the time where it is not midnight. */
export function dayText(ms: number): string {
  const date = new Date(ms);
  const day = `${date.getUTCDate()} ${months[date.getUTCMonth()] ?? ""}`;
  return ms % dayMs === 0 ? day : `${day} ${clockText(ms)}`;
}
