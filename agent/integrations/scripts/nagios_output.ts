/** One figure of a plugin's performance data, in base units. */
export type PerfData = {
  readonly label: string;
  /** seconds, bytes, percent, count (a counter), what the plugin wrote where it is none of these, or "". */
  readonly unit: string;
  readonly value: number;
  /** Upper ends of the ranges, and the limits of the scale; undefined where none is given. */
  readonly warning: number | undefined;
  readonly critical: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
};

/** Units of the plugin guidelines, and what they become. */
const units: Readonly<Record<string, readonly [unit: string, factor: number]>> = {
  s: ["seconds", 1],
  ms: ["seconds", 1e-3],
  us: ["seconds", 1e-6],
  ns: ["seconds", 1e-9],
  "%": ["percent", 1],
  c: ["count", 1],
  B: ["bytes", 1],
  KB: ["bytes", 1_024],
  MB: ["bytes", 1_024 ** 2],
  GB: ["bytes", 1_024 ** 3],
  TB: ["bytes", 1_024 ** 4],
  KiB: ["bytes", 1_024],
  MiB: ["bytes", 1_024 ** 2],
  GiB: ["bytes", 1_024 ** 3],
  TiB: ["bytes", 1_024 ** 4],
};

const item =
  /^\s*(?:'((?:[^']|'')+)'|([^\s='][^\s=]*))=(-?[0-9]*[.,]?[0-9]+(?:[eE][-+]?[0-9]+)?|U)([^\s;]*)((?:;[^\s;]*)*)(?=\s|$)/;

/**
 * The first line's text, and performance data of all lines: after the first "|" of the first line, and after the first one of the lines that follow,
 * from where on all lines are data (nagios-plugins.org/doc/guidelines.html). `malformed`: pieces that are no performance data.
 */
export function readNagiosOutput(output: string): {
  text: string;
  data: PerfData[];
  malformed: number;
} {
  const [first = "", ...rest] = output.split("\n");
  const more = rest.join("\n");
  const [text = ""] = first.split("|", 1);
  const parts = [after(first), after(more)];
  const data: PerfData[] = [];
  let malformed = 0;
  for (const part of parts) {
    let left = part.trim();
    while (left !== "") {
      const found = item.exec(left);
      if (found === null) {
        malformed += 1;
        left = left.replace(/^\S+\s*/, "");
        continue;
      }
      left = left.slice(found[0].length).trimStart();
      const read = perfData(found);
      if (read !== undefined) data.push(read);
    }
  }
  return { text: text.trim(), data, malformed };
}

function after(text: string): string {
  const at = text.indexOf("|");
  return at < 0 ? "" : text.slice(at + 1);
}

/** Undefined where the plugin could not tell the value ("U"). */
function perfData(found: RegExpExecArray): PerfData | undefined {
  const [, quoted, bare, text = "", written = "", limits = ""] = found;
  if (text === "U") return undefined;
  const [unit, factor] = units[written] ?? [written, 1];
  const scaled = (limit: string | undefined) => {
    const value = limit === undefined || limit === "" ? Number.NaN : numberOf(limit);
    return Number.isNaN(value) ? undefined : value * factor;
  };
  const [, warning, critical, min, max] = limits.split(";");
  return {
    label: quoted?.replaceAll("''", "'") ?? bare ?? "",
    unit,
    value: numberOf(text) * factor,
    warning: scaled(upperEnd(warning)),
    critical: scaled(upperEnd(critical)),
    min: scaled(min),
    max: scaled(max),
  };
}

/** "10", "5:10", "@5:10" and "~:10" end at 10; "10:" has no upper end. */
function upperEnd(range: string | undefined): string | undefined {
  return range?.replace(/^@/, "").split(":").at(-1);
}

/** Some plugins write a comma in their locale. */
function numberOf(text: string): number {
  return Number(text.replace(",", "."));
}
