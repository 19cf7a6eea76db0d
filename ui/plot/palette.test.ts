import { describe, expect, test } from "bun:test";
import { darkSeries, lightSeries, seriesStyles } from "./palette.ts";

type Rgb = readonly [number, number, number];
const normal = [1, 0, 0, 0, 1, 0, 0, 0, 1];
/** Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB. */
const sights = {
  normal,
  protanopia: [
    0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998,
  ],
  deuteranopia: [
    0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881,
  ],
  tritanopia: [
    1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039,
  ],
};

describe.each([
  ["light", lightSeries, "#ffffff"],
  ["dark", darkSeries, "#10161d"],
] as const)("the %s palette", (_theme, palette, page) => {
  test("stands out from the page by at least 3:1", () => {
    for (const color of palette) expect(contrast(color, page)).toBeGreaterThanOrEqual(3);
  });

  test.each(Object.keys(sights))("keeps any two colours apart under %s", (sight) => {
    const matrix = Object.entries(sights).find(([name]) => name === sight)?.[1] ?? normal;
    const seen = palette.map((color) => oklab(seenAs(matrix, linear(color))));
    for (const [i, a] of seen.entries()) {
      for (const b of seen.slice(0, i)) expect(distance(a, b)).toBeGreaterThan(0.075);
    }
  });
});

describe("seriesStyles()", () => {
  const modes = ["user", "system", "iowait", "irq", "nice", "softirq", "steal"].map((mode) => ({
    mode,
  }));

  test("gives no two series of a chart the same look, up to twelve by colour alone", () => {
    const colors = seriesStyles(modes, false).map(({ color }) => color);
    expect(new Set(colors).size).toBe(modes.length);
    const many = Array.from({ length: 30 }, (_, i) => ({ device: `d${i}` }));
    const looks = seriesStyles(many, true).map(({ color, dash }) => color + dash.join());
    expect(new Set(looks).size).toBe(30);
  });

  test("does not depend on the order of the series, nor on the host", () => {
    const colors = seriesStyles(modes, false).map(({ color }) => color);
    const turned = seriesStyles(modes.toReversed(), false).map(({ color }) => color);
    expect(turned.toReversed()).toEqual(colors);
    const onHost = modes.map((labels) => ({ ...labels, instance: "web-1", job: "node" }));
    expect(seriesStyles(onHost, false).map(({ color }) => color)).toEqual(colors);
  });
});

function linear(hex: string): Rgb {
  const part = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

function seenAs(matrix: readonly number[], [r, g, b]: Rgb): Rgb {
  const row = (i: number): number =>
    Math.min(
      1,
      Math.max(0, (matrix[i] ?? 0) * r + (matrix[i + 1] ?? 0) * g + (matrix[i + 2] ?? 0) * b),
    );
  return [row(0), row(3), row(6)];
}

/** Björn Ottosson's OKLab from linear sRGB. */
function oklab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function distance(a: Rgb, b: Rgb): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function contrast(a: string, b: string): number {
  const [x = 0, y = 0] = [a, b].map((color) => {
    const [red, green, blue] = linear(color);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  });
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}
