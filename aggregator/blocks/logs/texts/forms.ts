/** What each text of a column looks like, and of which template its line is: both at once, as there are few such pairs. */
export type Forms = {
  /** By text. */
  readonly formOf: Uint16Array;
  /** The row of each text, ascending; undefined where every row has one. */
  readonly rowOf: Uint32Array | undefined;
  /** By form. */
  readonly templates: Uint32Array;
  readonly patterns: Uint32Array;
  readonly digitCounts: Uint32Array;
  /** Texts of each form. */
  readonly counts: Uint32Array;
};

/** What different texts look like: with a zero in place of each digit, or as they are where `digitCounts` is absent. */
export type Patterns = {
  readonly count: number;
  /** Pattern n is bytes[starts[n], starts[n + 1]). */
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  /** By pattern: digits of each of its texts, which stand elsewhere. */
  readonly digitCounts: Uint32Array | undefined;
};

export type SplitForms = { readonly forms: Forms; readonly patterns: Patterns };

const formsMax = 2 ** 16;
/** Pairs of templates and patterns that are kept apart. */
const pairsMax = 2 ** 23;
const none = 0;

/**
 * `patternOf` is each text's; `rowOf` its row, undefined where every row has one; `templateOf` is each row's template, of which those
 * below `templates` count. Undefined where there are too many forms, or a text has no template.
 */
export function formsOf(
  patternOf: Uint16Array | Uint32Array,
  rowOf: Uint32Array | undefined,
  patterns: Patterns,
  templateOf: Uint32Array,
  templates: number,
): Forms | undefined {
  const { count: width } = patterns;
  if (width * templates > pairsMax) return undefined;
  // By template and pattern: the form, from 1.
  const known = new Uint32Array(width * templates);
  const formOf = new Uint16Array(patternOf.length);
  const pairs: number[] = [];
  for (let text = 0; text < patternOf.length; text++) {
    const template = templateOf[rowOf === undefined ? text : (rowOf[text] ?? 0)] ?? templates;
    if (template >= templates) return undefined;
    const pair = template * width + (patternOf[text] ?? 0);
    let form = known[pair] ?? none;
    if (form === none) {
      form = known[pair] = pairs.push(pair);
      if (form > formsMax) return undefined;
    }
    formOf[text] = form - 1;
  }
  return described({ formOf, rowOf }, pairs, patterns);
}

function described(
  texts: Pick<Forms, "formOf" | "rowOf">,
  pairs: readonly number[],
  of: Patterns,
): Forms {
  const { formOf } = texts;
  const { count: width } = of;
  const templates = new Uint32Array(pairs.length);
  const patterns = new Uint32Array(pairs.length);
  const digitCounts = new Uint32Array(pairs.length);
  for (let form = 0; form < pairs.length; form++) {
    const pair = pairs[form] ?? 0;
    const pattern = pair % width;
    templates[form] = (pair - pattern) / width;
    patterns[form] = pattern;
    digitCounts[form] = of.digitCounts?.[pattern] ?? 0;
  }
  const counts = new Uint32Array(pairs.length);
  for (let text = 0; text < formOf.length; text++) {
    const form = formOf[text] ?? 0;
    counts[form] = (counts[form] ?? 0) + 1;
  }
  return { ...texts, templates, patterns, digitCounts, counts };
}

/** Memory, without the rows, which others have, too. */
export function formsBytes({ formOf, templates }: Forms): number {
  return formOf.byteLength + 4 * templates.byteLength;
}
