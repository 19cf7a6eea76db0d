/** What Grafana's users write for lengths that follow the page; PromQL itself knows none of them. */
const names = [
  "$__rate_interval",
  "$__interval_ms",
  "$__interval",
  "$__range_s",
  "$__range_ms",
  "$__range",
] as const;
const pattern =
  /\$(?:__rate_interval|__interval_ms|__interval|__range_s|__range_ms|__range)\b|\$\{(?:__rate_interval|__interval_ms|__interval|__range_s|__range_ms|__range)\}/g;

/** Numbers nobody writes: they stand for the variables while a text is read as PromQL. */
const firstStandIn = 81_818_700_001;

/** The text with a length in place of each variable, and what turns pieces of it back. */
export function hideVariables(text: string): {
  readonly text: string;
  readonly restore: (piece: string) => string;
} {
  const hidden = new Map<string, string>();
  const plain = text.replaceAll(pattern, (variable) => {
    const name = bare(variable);
    const unit = name.endsWith("_ms") || name.endsWith("_s") ? "" : "ms";
    const standIn = `${firstStandIn + names.findIndex((each) => each === name)}${unit}`;
    hidden.set(standIn, variable);
    return standIn;
  });
  const restore = (piece: string): string => {
    let restored = piece;
    for (const [standIn, variable] of hidden) restored = restored.replaceAll(standIn, variable);
    return restored;
  };
  return { text: plain, restore };
}

export type PageLengths = {
  readonly stepMs: number;
  readonly rangeMs: number;
  /** The shortest time between samples that is expected. */
  readonly scrapeMs: number;
};

/** Fills in the page's lengths; $__rate_interval spans at least four scrapes, so that a rate always has samples. */
export function fillVariables(text: string, { stepMs, rangeMs, scrapeMs }: PageLengths): string {
  const rateMs = Math.max(stepMs + scrapeMs, 4 * scrapeMs);
  const rangeS = Math.max(1, Math.round(rangeMs / 1_000));
  const values: Readonly<Record<(typeof names)[number], string>> = {
    $__rate_interval: lengthText(rateMs),
    $__interval_ms: String(stepMs),
    $__interval: lengthText(stepMs),
    $__range_s: String(rangeS),
    $__range_ms: String(rangeS * 1_000),
    $__range: `${rangeS}s`,
  };
  return text.replaceAll(pattern, (variable) => {
    const name = names.find((each) => each === bare(variable));
    return name === undefined ? variable : values[name];
  });
}

function bare(variable: string): string {
  return variable.replace("{", "").replace("}", "");
}

/** A length as PromQL writes it: "15s", "2m", "1h30m". */
export function lengthText(ms: number): string {
  if (ms < 1_000 || ms % 1_000 !== 0) return `${Math.round(ms)}ms`;
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ] as const;
  let rest = ms / 1_000;
  let text = "";
  for (const [unit, seconds] of units) {
    const count = Math.floor(rest / seconds);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * seconds;
  }
  return text;
}

/**
 * Lengths and names in place of variables that take exactly their room, so that positions stay: for checks of a text as it is
 * typed. Undefined where a variable stands for something that only its value can tell, such as `topk($count, up)`.
 */
export function coverVariables(text: string): string | undefined {
  const covered = text
    .replaceAll(pattern, (variable) => {
      const name = bare(variable);
      const end = name.endsWith("_ms") || name.endsWith("_s") ? "1" : "1m";
      return end.padStart(variable.length, "0");
    })
    .replaceAll(lengthOfBoard, (variable) => "1m".padStart(variable.length, "0"))
    .replaceAll(partOfName, (variable) => "_".repeat(variable.length));
  const outsideOfTexts = covered.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, "");
  return /\$[\w{]|\[\[\w/.test(outsideOfTexts) ? undefined : covered;
}

/** A board's own variable as the length of a range, a resolution or an offset. */
const lengthOfBoard = /(?<=[[:]\s*|\boffset\s+-?)(?:\$\w+|\$\{\w+(?::\w+)?\})(?=\s*[\]:)]|\s|$)/g;
/** A board's own variable at the end of a metric's or a label's name. */
const partOfName = /(?<=\w)(?:\$\w+|\$\{\w+(?::\w+)?\})/g;
