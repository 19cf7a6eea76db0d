import { expect, test } from "bun:test";
import { Band, type BandSettings, type BandVerdict } from "./band.ts";

const settings: BandSettings = {
  width: 6,
  widthMin: 0,
  widthMinAbsolute: 0,
  memoryMs: 600_000,
  warmUpMs: 60_000,
  samples: 3,
};

/** A band that has seen so many seconds of values around 100, between 98 and 102. */
function usual(seconds = 600, own = settings) {
  const band = new Band();
  let ms = 0;
  const observe = (value: number): BandVerdict => band.observe((ms += 1_000), value, own);
  for (let i = 0; i < seconds; i++) observe(100 + 2 * Math.sin(i));
  return {
    band,
    observe,
    times: (n: number, value: number) => Array.from({ length: n }, () => observe(value)),
  };
}

test("Band learns the mean and the mean absolute deviation", () => {
  const { band } = usual();
  expect(band.mean).toBeWithin(99.8, 100.2);
  // The mean of |2 sin| is 4 / pi.
  expect(band.halfWidth(settings) / 6).toBeWithin(1.15, 1.4);
});

test("Band tells of an exit once, when enough values in a row are outside, and again after it was back", () => {
  const { times } = usual();
  expect(times(5, 130)).toEqual(["inside", "inside", "exit", "outside", "outside"]);
  expect(times(4, 100)).toEqual(["outside", "outside", "inside", "inside"]);
  expect(times(3, 70)).toEqual(["inside", "inside", "exit"]);
});

test("Band calls no single spike an exit, nor a return what is between half the band and the band", () => {
  const { observe, times, band } = usual();
  expect([observe(200), observe(200), observe(100), observe(200)]).toEqual([
    "inside",
    "inside",
    "inside",
    "inside",
  ]);
  times(10, 100);
  expect(times(3, 150).at(-1)).toBe("exit");
  const edge = band.mean + 0.8 * band.halfWidth(settings);
  expect(times(10, edge)).toEqual(Array.from({ length: 10 }, () => "outside"));
});

test("Band is moved little by an excursion, and learns a level that stays", () => {
  const { band, times } = usual();
  times(10, 1e6);
  expect(band.mean).toBeWithin(99, 102);
  times(3_000, 150);
  expect(times(5, 150)).toEqual(Array.from({ length: 5 }, () => "inside"));
  expect(band.mean).toBeWithin(145, 151);
});

test("Band judges nothing while it warms up, and learns fast then", () => {
  const { band, times } = usual(3);
  expect(times(30, 500)).toEqual(Array.from({ length: 30 }, () => "inside"));
  expect(band.mean).toBeGreaterThan(400);
});

/** Verdicts on four values of 51, where all before were 50. */
function flat(own: Partial<BandSettings>): BandVerdict[] {
  const band = new Band();
  const all = { ...settings, ...own };
  let ms = 0;
  for (let i = 0; i < 120; i++) band.observe((ms += 1_000), 50, all);
  return [51, 51, 51, 51].map((value) => band.observe((ms += 1_000), value, all));
}

test("Band has a least width, and a constant series can leave it", () => {
  expect(flat({})[2]).toBe("exit");
  expect(flat({ widthMin: 0.1 })).not.toContain("exit");
  expect(flat({ widthMinAbsolute: 2 })).not.toContain("exit");
});

test("Band is not confused by a clock that stands or goes back", () => {
  const { band } = usual();
  for (const ms of [600_000, 600_000, 1_000]) band.observe(ms, 100, settings);
  expect(band.mean).toBeWithin(99, 101);
  expect(Number.isFinite(band.halfWidth(settings))).toBe(true);
});
