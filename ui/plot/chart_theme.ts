import { useMemo } from "react";
import { useDark } from "../state/theme.ts";

/** The tokens that pictures on a canvas need, as values. */
export type ChartTheme = {
  readonly dark: boolean;
  readonly page: string;
  readonly raised: string;
  readonly hover: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly text: string;
  readonly textQuiet: string;
  readonly accent: string;
  readonly good: string;
  readonly warn: string;
  readonly bad: string;
  readonly sans: string;
};

/** The tokens of the theme that is on, read anew when it changes. */
export function useChartTheme(): ChartTheme {
  const dark = useDark();
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement);
    const token = (name: string): string => style.getPropertyValue(name).trim();
    return {
      dark,
      page: token("--page"),
      raised: token("--raised"),
      hover: token("--hover"),
      line: token("--line"),
      lineStrong: token("--line-strong"),
      text: token("--text"),
      textQuiet: token("--text-quiet"),
      accent: token("--accent"),
      good: token("--good"),
      warn: token("--warn"),
      bad: token("--bad"),
      sans: token("--sans"),
    };
  }, [dark]);
}

const axisColorsByTheme = new Map<boolean, { readonly text: string; readonly grid: string }>();

/** The colours of axes. Read once a theme: a page of charts would lay itself out again for each of them. */
export function axisColors(dark: boolean): { readonly text: string; readonly grid: string } {
  let colors = axisColorsByTheme.get(dark);
  if (colors === undefined) {
    const style = getComputedStyle(document.documentElement);
    const token = (name: string): string => style.getPropertyValue(name).trim();
    colors = { text: token("--text-quiet"), grid: token("--line") };
    axisColorsByTheme.set(dark, colors);
  }
  return colors;
}
