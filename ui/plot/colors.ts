/** Five steps of a hue, from its lightest to its darkest name. */
type Ramp = readonly [string, string, string, string, string];

const darkRamps: Readonly<Record<string, Ramp>> = {
  red: ["#ffa6b0", "#ff7383", "#f2495c", "#e02f44", "#c4162a"],
  orange: ["#ffcb7d", "#ffb357", "#ff9830", "#ff780a", "#fa6400"],
  yellow: ["#fff899", "#ffee52", "#fade2a", "#f2cc0c", "#e0b400"],
  green: ["#c8f2c2", "#96d98d", "#73bf69", "#56a64b", "#37872d"],
  blue: ["#c0d8ff", "#8ab8ff", "#5794f2", "#3274d9", "#1f60c4"],
  purple: ["#deb6f2", "#ca95e5", "#b877d9", "#a352cc", "#8f3bb8"],
  gray: ["#dfe7ee", "#b8c4cf", "#95a4b2", "#66747f", "#465460"],
};
/** On a light page the same names are darker: a threshold's yellow must be seen there, too. */
const lightRamps: Readonly<Record<string, Ramp>> = {
  red: ["#ef6f7d", "#e0485a", "#cf2a3e", "#b3182b", "#8f0f20"],
  orange: ["#e8902f", "#dd7416", "#ba5500", "#a94b00", "#873b00"],
  yellow: ["#c9a400", "#b08d00", "#967600", "#7c6100", "#634d00"],
  green: ["#5fae56", "#43963a", "#2f7f27", "#21671b", "#154f10"],
  blue: ["#5a95ea", "#3d7fdf", "#2468cd", "#1a55ac", "#12428a"],
  purple: ["#b97ad9", "#a55acb", "#9040b9", "#762d9a", "#5d1f7c"],
  gray: ["#a3adb8", "#8794a0", "#66747f", "#55626f", "#3d4954"],
};
const steps = ["super-light-", "light-", "", "semi-dark-", "dark-"];

const basics: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  white: ["#ffffff", "#ffffff"],
  black: ["#000000", "#000000"],
  grey: ["#66747f", "#95a4b2"],
  text: ["#17212b", "#dfe7ee"],
  accent: ["#0a6b62", "#3fc9b4"],
  primary: ["#0a6b62", "#3fc9b4"],
  transparent: ["#00000000", "#00000000"],
  "panel-bg": ["#ffffff", "#10161d"],
  pink: ["#c23d80", "#ff7eb6"],
  cyan: ["#0b7285", "#5fd0e0"],
  magenta: ["#a81f94", "#e06fd3"],
  brown: ["#7a4a21", "#c08552"],
  lime: ["#4d7c0f", "#a3e635"],
  teal: ["#0a6b62", "#3fc9b4"],
  navy: ["#1e3a8a", "#7c9cf0"],
};

const names: ReadonlyMap<string, readonly [light: string, dark: string]> = new Map([
  ...Object.entries(basics),
  ...Object.keys(darkRamps).flatMap((hue) =>
    steps.map((step, i) => {
      const pair = [lightRamps[hue]?.[i] ?? "", darkRamps[hue]?.[i] ?? ""] as const;
      return [step + hue, pair] as const;
    }),
  ),
]);

const hex = /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;
const functional =
  /^rgba?\(\s*(\d{1,3}(?:\.\d+)?)\s*,\s*(\d{1,3}(?:\.\d+)?)\s*,\s*(\d{1,3}(?:\.\d+)?)\s*(?:,\s*(\d?\.?\d+%?)\s*)?\)$/i;

/**
 * A colour of a dashboard as one that CSS and a canvas take: names of the palette by theme, hex, rgb(). Undefined for anything else, so
 * that no text from outside reaches a style.
 */
export function resolveColor(name: string | undefined, dark: boolean): string | undefined {
  if (name === undefined || name.length > 64) return undefined;
  const pair = names.get(name.toLowerCase());
  if (pair !== undefined) return pair[dark ? 1 : 0];
  if (hex.test(name)) return name.toLowerCase();
  const parts = functional.exec(name.trim());
  if (parts === null) return undefined;
  const [, red, green, blue, alpha] = parts;
  const opacity =
    alpha === undefined ? 1 : alpha.endsWith("%") ? Number.parseFloat(alpha) / 100 : Number(alpha);
  return hexOf([Number(red), Number(green), Number(blue)], opacity);
}

export type Rgb = readonly [number, number, number];

function byte(value: number): string {
  return Math.round(Math.max(0, Math.min(255, value)))
    .toString(16)
    .padStart(2, "0");
}

function hexOf(rgb: Rgb, opacity = 1): string {
  return `#${rgb.map(byte).join("")}${opacity >= 1 ? "" : byte(opacity * 255)}`;
}

/** Of a resolved colour. */
function rgbOf(color: string): Rgb {
  const long = color.length < 6 ? color.replace(/[0-9a-f]/gi, (digit) => digit + digit) : color;
  const at = (i: number): number => Number.parseInt(long.slice(i, i + 2), 16) || 0;
  return [at(1), at(3), at(5)];
}

/** A resolved colour at an opacity between 0 and 1. */
export function withAlpha(color: string, opacity: number): string {
  return hexOf(rgbOf(color), Math.max(0, Math.min(1, opacity)) * alphaOf(color));
}

function alphaOf(color: string): number {
  if (color.length === 9) return Number.parseInt(color.slice(7), 16) / 255;
  return color.length === 5 ? Number.parseInt(color.slice(4) + color.slice(4), 16) / 255 : 1;
}

/** A colour of the way between the colours, `part` from 0 to 1. */
export function mixed(colors: readonly string[], part: number): string {
  const last = colors.length - 1;
  const place = Math.max(0, Math.min(1, Number.isNaN(part) ? 0 : part)) * last;
  const i = Math.min(last - 1, Math.floor(place));
  const from = rgbOf(colors[Math.max(0, i)] ?? "#000000");
  const to = rgbOf(colors[Math.max(0, i) + 1] ?? colors[0] ?? "#000000");
  const t = place - Math.max(0, i);
  return hexOf([
    from[0] + (to[0] - from[0]) * t,
    from[1] + (to[1] - from[1]) * t,
    from[2] + (to[2] - from[2]) * t,
  ]);
}

/** Black or white, whichever is read better on the colour. */
export function textOn(color: string): string {
  return luminance(color) > 0.3 ? "#10161d" : "#ffffff";
}

function luminance(color: string): number {
  const linear = rgbOf(color).map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
}
