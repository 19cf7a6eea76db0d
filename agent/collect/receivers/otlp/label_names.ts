import { OperatingError } from "#shared/errors.ts";

export type LabelNameRules = {
  /** Characters that old names of Prometheus did not have become underscores. */
  readonly escapes: boolean;
  /** A lone underscore in front becomes "key_". */
  readonly sanitizesUnderscore: boolean;
  /** Underscores in a row stay as many as they are. */
  readonly preservesUnderscores: boolean;
};

const namesMax = 4_096;

/** Label names of attributes by one set of rules; names that come again are remembered. */
export class LabelNames {
  readonly #rules: LabelNameRules;
  readonly #known = new Map<string, string>();

  constructor(rules: LabelNameRules) {
    this.#rules = rules;
  }

  /** Throws OperatingError("bad_request") where nothing but underscores is left. */
  of(attribute: string): string {
    const known = this.#known.get(attribute);
    if (known !== undefined) return known;
    const name = labelName(attribute, this.#rules);
    if (this.#known.size >= namesMax) this.#known.clear();
    this.#known.set(attribute, name);
    return name;
  }
}

/** By the rules of prometheus/otlptranslator (LabelNamer). Throws OperatingError("bad_request"). */
export function labelName(attribute: string, rules: LabelNameRules): string {
  const name = rules.escapes ? escaped(attribute, rules) : attribute;
  if (/^_*$/.test(name))
    throw new OperatingError(
      "bad_request",
      `attribute name ${JSON.stringify(attribute.slice(0, 200))} has no character that a label name is made of`,
    );
  return name;
}

function escaped(attribute: string, rules: LabelNameRules): string {
  const name = rules.preservesUnderscores
    ? // By code point: a pair of surrogates is one character.
      attribute.replaceAll(/[^a-zA-Z0-9_]/gu, "_")
    : collapsed(attribute);
  if (/^\d/.test(name)) return `key_${name}`;
  if (rules.sanitizesUnderscore && /^_(?!_)/.test(name)) return `key${name}`;
  return name;
}

/** Names of the form __name__ are reserved and keep the underscores around them. */
function collapsed(attribute: string): string {
  const reserved = /^__(.*)__$/s.exec(attribute);
  const name = (reserved?.[1] ?? attribute).replaceAll(/[^a-zA-Z0-9]+/g, "_");
  return reserved === null ? name : `__${name}__`;
}
