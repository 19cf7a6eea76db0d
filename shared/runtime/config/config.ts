import type { LineCounter, Node } from "yaml";
import { LineCounter as Lines, isMap, isScalar, parseDocument } from "yaml";
import type { z } from "zod";
import { OperatingError } from "../../errors.ts";
import { parsedOnce } from "../../schema.ts";
import { setListsAside } from "./long_lists.ts";
import { shownSecret } from "../../text/secrets.ts";
import { isSecretPath, withoutSecrets } from "./shown_config.ts";

/** One mistake: where (file line, or the flag or variable), which key, what stands there, what was expected. */
export type ConfigMistake = {
  readonly source: string;
  readonly key: string;
  readonly value: string;
  readonly expected: string;
};

/** All mistakes of a configuration at once; the message has one line for each. */
export class ConfigError extends OperatingError {
  readonly mistakes: readonly ConfigMistake[];

  constructor(mistakes: readonly ConfigMistake[]) {
    super("bad_request", mistakes.map((mistake) => describe(mistake)).join("\n"));
    this.mistakes = mistakes;
  }
}

/** A value from a flag or an environment variable, for a key such as ["storage", "url"]. It wins over the file. */
export type ConfigOverride = {
  readonly source: string;
  readonly path: readonly string[];
  readonly text: string;
};

export type ConfigInput = {
  /** For messages: the file's name. */
  readonly name: string;
  /** YAML text; empty for defaults. */
  readonly text: string;
  readonly overrides: readonly ConfigOverride[];
};

/** Reads YAML, lays overrides over it, and checks it all against the schema. Throws ConfigError with every mistake. */
export function parseConfig<Schema extends z.ZodType>(
  schema: Schema,
  input: ConfigInput,
): z.output<Schema> {
  const quick = parseQuickly(schema, input);
  if (quick !== undefined) return quick;
  const lines = new Lines();
  const document = parseDocument(input.text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => ({
        source: `${input.name}:${error.linePos?.[0].line ?? 1}`,
        key: "(file)",
        value: "",
        expected: `YAML: ${error.message.split("\n")[0] ?? ""}`,
      })),
    );
  }
  for (const { path, text } of input.overrides) document.setIn(path, parseDocument(text).toJS());
  const plain: unknown = document.toJS() ?? {};
  const result = schema.safeParse(plain, parsedOnce);
  if (result.success) return result.data;
  const place: Place = { input, lines, root: document.contents };
  const mistakes = result.error.issues.flatMap((issue) => mistakesOf(issue, plain, place));
  throw new ConfigError(mistakes.toSorted((a, b) => lineNumber(a) - lineNumber(b)));
}

/** A configuration with long lists of targets that has no mistakes; undefined for every other, which is to be read with all its places. */
function parseQuickly<Schema extends z.ZodType>(
  schema: Schema,
  input: ConfigInput,
): z.output<Schema> | undefined {
  // An override of one item of a list counts its items.
  if (input.overrides.some(({ path }) => path.some((key) => /^\d+$/.test(key)))) return undefined;
  const aside = setListsAside(input.text);
  if (aside === undefined) return undefined;
  const document = parseDocument(aside.text, { uniqueKeys: true });
  if (document.errors.length > 0) return undefined;
  for (const { path, text } of input.overrides) document.setIn(path, parseDocument(text).toJS());
  const plain: unknown = document.toJS() ?? {};
  if (!aside.restore(plain)) return undefined;
  const result = schema.safeParse(plain);
  return result.success ? result.data : undefined;
}

/** LAPWING_STORAGE__URL=... overrides storage.url: a double underscore steps into a key. */
export function overridesFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  reserved: readonly string[],
): ConfigOverride[] {
  const overrides: ConfigOverride[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith("LAPWING_") || text === undefined || reserved.includes(name)) continue;
    const path = name.slice("LAPWING_".length).toLowerCase().split("__");
    overrides.push({ source: name, path, text });
  }
  return overrides;
}

/** "storage.url=file:///x", as given to --set. */
export function overrideFromFlag(flag: string): ConfigOverride {
  const equals = flag.indexOf("=");
  if (equals > 0)
    return {
      source: "--set",
      path: flag.slice(0, equals).split("."),
      text: flag.slice(equals + 1),
    };
  throw new ConfigError([
    { source: "--set", key: flag, value: "", expected: "key=value, such as storage.url=file:///x" },
  ]);
}

type Place = {
  readonly input: ConfigInput;
  readonly lines: LineCounter;
  readonly root: Node | null;
};

function mistakesOf(issue: z.core.$ZodIssue, plain: unknown, place: Place): ConfigMistake[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => mistakeAt([...path, key], plain, unknownKey(issue, key), place));
  if (issue.code === "invalid_union") {
    const closest = issue.errors.toSorted((a, b) => a.length - b.length)[0] ?? [];
    if (closest.length > 0)
      return closest.flatMap((inner) =>
        mistakesOf({ ...inner, path: [...issue.path, ...inner.path] }, plain, place),
      );
  }
  return [mistakeAt(path, plain, issue.message, place)];
}

/** A schema may have a word to say of some keys; it is no more than one of the others that the key is unknown. */
function unknownKey({ message }: z.core.$ZodIssueUnrecognizedKeys, key: string): string {
  const isOwnWord = !message.startsWith("Unrecognized key") && message.includes(key);
  return isOwnWord ? message : "no such key";
}

/** For the order of the file; what comes from flags and variables stands first. */
function lineNumber({ source }: ConfigMistake): number {
  return Number(/:(\d+)$/.exec(source)?.[1] ?? 0);
}

function mistakeAt(path: string[], plain: unknown, expected: string, place: Place): ConfigMistake {
  const value = valueAt(plain, path);
  const override = place.input.overrides.findLast((given) => isPrefix(given.path, path));
  return {
    source: override?.source ?? `${place.input.name}:${lineOf(path, place)}`,
    key: path.join(".") || "(file)",
    value: shownValue(path, value),
    expected,
  };
}

function shownValue(path: readonly string[], value: unknown): string {
  if (isSecretPath(path)) return shownSecret;
  return value === undefined ? "nothing" : JSON.stringify(withoutSecrets(value));
}

function describe({ source, key, value, expected }: ConfigMistake): string {
  return value === ""
    ? `${source}: ${key}: ${expected}`
    : `${source}: ${key} is ${value}: ${expected}`;
}

/** Line of the deepest node that exists on the way to the key; the key's own line where it is one of a map. */
function lineOf(path: readonly string[], { root, lines }: Place): number {
  let node: unknown = root;
  let offset = 0;
  for (const step of path) {
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === step)
      : undefined;
    const child = pair === undefined ? childOf(node, step) : pair.value;
    const start = rangeStart(pair?.key) ?? rangeStart(child);
    if (start === undefined) break;
    offset = start;
    node = child;
  }
  return lines.linePos(offset).line || 1;
}

function childOf(node: unknown, step: string): unknown {
  if (typeof node !== "object" || node === null || !("items" in node)) return undefined;
  return Array.isArray(node.items) ? node.items[Number(step)] : undefined;
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  const [start] = Array.isArray(node.range) ? node.range : [];
  return typeof start === "number" ? start : undefined;
}

function valueAt(plain: unknown, path: readonly string[]): unknown {
  let value = plain;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([key]) => key === step)?.[1];
  }
  return value;
}

function isPrefix(prefix: readonly string[], path: readonly string[]): boolean {
  return prefix.every((step, i) => path[i] === step);
}
