import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { isTooManySteps } from "#shared/text/heavy_regex.ts";
import type { LinearRegex } from "#shared/text/linear_regex.ts";
import { type Outcomes, type Process, defineProcessor } from "../processor.ts";
import type { Records } from "../records.ts";
import { LinearPattern } from "../regex.ts";
import { secretKinds } from "./kinds.ts";
import { SecretScanner } from "./scanner.ts";

const Action = z.enum(["mask", "hash", "drop"]);
type Action = z.output<typeof Action>;
/** As long as the blocks of a weak key: shorter ones can be guessed. */
const keyBytesMin = 16;
const hashDigits = 16;

/** Takes secrets and personal data out of records before anything is written down. */
export const redact = defineProcessor({
  type: "redact",
  config: z.lazy(() =>
    z
      .strictObject({
        /** What is looked for; all kinds by default. */
        kinds: z.array(z.enum(secretKinds)).default([...secretKinds]),
        /** mask: [redacted:email]; hash: [email:<16 hex digits>], alike for alike values; drop: the whole record. */
        action: Action.default("mask"),
        /** Other actions for some kinds and own patterns, by name. */
        actions: z.record(z.string(), Action).default({}),
        /** Own patterns (RE2), by name; a group named "secret" is taken instead of the whole match. */
        patterns: z.record(z.string().regex(/^\w+$/), LinearPattern).default({}),
        /** Where the key of `hash` stands: a file, or a variable of the environment. At least 16 bytes. */
        key_file: z.string().optional(),
        key_env: z.string().optional(),
        /** Which parts of a record are searched. */
        in: z.array(z.enum(["body", "attributes", "labels"])).default(["body", "attributes"]),
      })
      .transform((config, context) => {
        const fault = (key: string, message: string) => {
          context.addIssue({ code: "custom", path: [key], message });
          return z.NEVER;
        };
        const names = new Set<string>([...secretKinds, ...Object.keys(config.patterns)]);
        for (const name of Object.keys(config.actions))
          if (!names.has(name))
            return fault("actions", `"${name}": expected one of ${[...names].join(", ")}`);
        const hashes = [config.action, ...Object.values(config.actions)].includes("hash");
        if (!hashes) return { ...config, key: undefined };
        const { key_file: file, key_env: variable } = config;
        if (file === undefined && variable === undefined)
          return fault("action", "hash: expected key_file or key_env beside it");
        const key = file === undefined ? process.env[variable ?? ""] : readKey(file);
        if (key === undefined || Buffer.byteLength(key) < keyBytesMin) {
          const where = file === undefined ? "key_env" : "key_file";
          return fault(where, `expected the name of what holds at least ${keyBytesMin} bytes`);
        }
        return { ...config, key };
      }),
  ),
  create: (config, { redacted }) => {
    const { action, actions } = config;
    const key = config.key;
    const actionOf = (name: string): Action => actions[name] ?? action;
    const redactor = new Redactor(config, (name, secret) => {
      redacted?.(name);
      const own = actionOf(name);
      if (own === "drop") return undefined;
      if (own === "mask" || key === undefined) return `[redacted:${name}]`;
      const digest = createHmac("sha256", key).update(secret).digest("hex");
      return `[${name}:${digest.slice(0, hashDigits)}]`;
    });
    return redactor.process(new Set(config.in));
  },
});

function readKey(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}

type Replace = (name: string, secret: Uint8Array) => string | undefined;

/** Replaces what is found in bytes; holds a buffer for attributes, so no two run at once. */
class Redactor {
  readonly #scanner: SecretScanner;
  readonly #patterns: readonly (readonly [string, LinearRegex])[];
  readonly #replace: Replace;
  #count: Outcomes | undefined;

  constructor(
    config: {
      readonly kinds: readonly (typeof secretKinds)[number][];
      readonly patterns: Readonly<Record<string, LinearRegex>>;
    },
    replace: Replace,
  ) {
    this.#scanner = new SecretScanner(new Set(config.kinds));
    this.#patterns = Object.entries(config.patterns);
    this.#replace = replace;
  }

  process(parts: ReadonlySet<string>): Process {
    const cleanLabels = new Map<string, string | undefined | null>();
    return (records, rows, count) => {
      this.#count = count;
      for (const row of rows) {
        let isChanged = parts.has("body") && this.#body(records, row);
        if (parts.has("attributes") && this.#attributes(records, row)) isChanged = true;
        if (parts.has("labels") && this.#labels(records, row, cleanLabels)) isChanged = true;
        if (isChanged) count.changed++;
      }
    };
  }

  #body(records: Records, row: number): boolean {
    const [start, end] = [records.bodyStart(row), records.bodyEnd(row)];
    const clean = this.#cleaned(records.bodyBytes(row), start, end);
    if (clean === "clean") return false;
    if (clean === "drop") records.drop(row, "redaction");
    else records.setBody(row, clean);
    return true;
  }

  #attributes(records: Records, row: number): boolean {
    const attributes = records.attributes(row);
    if (attributes === undefined) return false;
    let next: Record<string, string> | undefined;
    for (const name in attributes) {
      const value = this.#text(attributes[name] ?? "");
      if (value === null) continue;
      if (value === undefined) {
        records.drop(row, "redaction");
        return true;
      }
      next ??= { ...attributes };
      next[name] = value;
    }
    if (next !== undefined) records.setAttributes(row, next);
    return next !== undefined;
  }

  /** The values of labels are few, so what became of each is remembered. */
  #labels(records: Records, row: number, known: Map<string, string | undefined | null>): boolean {
    const labels = records.stream(row);
    let next: Record<string, string> | undefined;
    for (const name in labels) {
      const old = labels[name] ?? "";
      let value = known.get(old);
      if (value === undefined && !known.has(old)) {
        value = this.#text(old);
        if (known.size >= knownLabelsMax) known.clear();
        known.set(old, value);
      }
      if (value === null) continue;
      if (value === undefined) {
        records.drop(row, "redaction");
        return true;
      }
      next ??= { ...labels };
      next[name] = value;
    }
    if (next !== undefined) records.setStream(row, next);
    return next !== undefined;
  }

  /** The text without what was found; null where nothing was, undefined where the record is to be dropped. */
  #text(text: string): string | undefined | null {
    const bytes = Buffer.from(text, "utf8");
    const clean = this.#cleaned(bytes, 0, bytes.length);
    if (clean === "clean") return null;
    return clean === "drop" ? undefined : Buffer.from(clean).toString("utf8");
  }

  #cleaned(bytes: Uint8Array, start: number, end: number): Uint8Array | "clean" | "drop" {
    const scanner = this.#scanner;
    let clean: Uint8Array | undefined;
    if (scanner.next(bytes, start, start, end)) {
      const pieces: Uint8Array[] = [];
      let from = start;
      do {
        const { found, kind } = scanner;
        const by = this.#replace(kind, bytes.subarray(found.start, found.end));
        if (by === undefined) return "drop";
        pieces.push(bytes.subarray(from, found.start), encoder.encode(by));
        from = found.end;
      } while (scanner.next(bytes, start, from, end));
      pieces.push(bytes.subarray(from, end));
      clean = new Uint8Array(Buffer.concat(pieces));
    }
    if (this.#patterns.length === 0) return clean ?? "clean";
    const text = decoder.decode(clean ?? bytes.subarray(start, end));
    const own = this.#byPatterns(text);
    if (own === undefined) return "drop";
    return own === text ? (clean ?? "clean") : encoder.encode(own);
  }

  #byPatterns(text: string): string | undefined {
    let next = text;
    for (const [name, pattern] of this.#patterns) {
      let isDropped = false;
      const replaced = (secret: string): string => {
        const by = this.#replace(name, encoder.encode(secret));
        isDropped ||= by === undefined;
        return by ?? "";
      };
      try {
        next = pattern.replaceGroups(next, replaced, pattern.groups.get("secret") ?? 0);
      } catch (thrown) {
        if (!isTooManySteps(thrown)) throw thrown;
        // What the text holds is not known, so all of it counts as the secret.
        if (this.#count !== undefined) this.#count.tooManySteps++;
        if (this.#count !== undefined) this.#count.failed++;
        next = replaced(next);
      }
      if (isDropped) return undefined;
    }
    return next;
  }
}

const knownLabelsMax = 10_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
