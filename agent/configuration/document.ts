import { z } from "zod";
import { ConfigError, type ConfigMistake, parseConfig } from "#shared/runtime/config/config.ts";
import { isSecretKey } from "#shared/runtime/config/shown_config.ts";
import { AgentConfig } from "../config/config.ts";
import { hostKeys } from "./host_keys.ts";
import { isMap } from "./merge.ts";

/** A password before the host. */
const inUrl = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:[^/@\s]*@/i;
/** Keys whose value is a program to run, wherever they are. */
const programKeys: ReadonlySet<string> = new Set(["command", "executable", "program", "script"]);

/**
 * A configuration that is not a host's own file: what an agent collects, and nothing that is the host's. Secrets are not let in, because it lies in
 * NATS and in the catalog: it names files on the hosts that hold them.
 */
const Document = z.unknown().superRefine((plain, context) => {
  const refuse = (path: readonly string[], message: string) =>
    context.addIssue({ code: "custom", path: [...path], message });
  for (const key of isMap(plain) ? Object.keys(plain) : [])
    if (hostKeys.includes(key)) refuse([key], "none: it is said in the host's own file alone");
  for (const path of secretsIn(plain, []))
    refuse(path, "a file on the hosts that holds it: a key that ends in _file");
  const checked = AgentConfig.safeParse(plain);
  for (const issue of checked.error?.issues ?? [])
    if (!hostKeys.includes(String(issue.path[0] ?? "")))
      context.issues.push({ ...issue, input: undefined });
});

export type CheckedDocument = {
  /** Keys of programs that it has hosts run, such as "sources.0.type": only hosts that allow it take the document. */
  readonly programs: readonly string[];
};

/** Throws ConfigError with every mistake of a document, by itself: an agent checks it again together with what it is laid over. */
export function checkDocument(name: string, text: string): CheckedDocument {
  parseConfig(Document, { name, text, overrides: [] });
  return { programs: programsIn(plainOf(name, text), []).map((path) => path.join(".")) };
}

/** A document as plain data. Throws ConfigError where it is no YAML, or no map. */
export function plainOf(name: string, text: string): Readonly<Record<string, unknown>> {
  const anything = z.record(z.string(), z.unknown());
  return parseConfig(anything, { name, text, overrides: [] });
}

/** What a document would have the host run; empty where it runs nothing. */
export function programMistakes(source: string, plain: unknown): ConfigMistake[] {
  return programsIn(plain, []).map((path) => ({
    source,
    key: path.join("."),
    value: "",
    expected: "none: fleet.allow_commands is not set on this host",
  }));
}

function programsIn(value: unknown, path: readonly string[]): (readonly string[])[] {
  if (Array.isArray(value))
    return value.flatMap((one: unknown, i) => programsIn(one, [...path, String(i)]));
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, one]) => {
    const here = [...path, key];
    if (key === "labels") return [];
    const isProgram =
      programKeys.has(key) || (path[0] === "sources" && key === "type" && one === "command");
    return isProgram ? [here] : programsIn(one, here);
  });
}

/** Where a text stands under a secret's key, or a password in a URL. */
function secretsIn(value: unknown, path: readonly string[]): (readonly string[])[] {
  if (typeof value === "string") {
    const isSecret = path.some((key) => isSecretKey(key) && !key.endsWith("_url"));
    return isSecret || inUrl.test(value) ? [path] : [];
  }
  if (Array.isArray(value))
    return value.flatMap((one: unknown, i) => secretsIn(one, [...path, String(i)]));
  return isMap(value)
    ? Object.entries(value)
        .filter(([key]) => key !== "labels")
        .flatMap(([key, one]) => secretsIn(one, [...path, key]))
    : [];
}

/** All mistakes as one text for people, without the places in a text that nobody sees; bounded. */
export function mistakesText(thrown: ConfigError): string {
  const lines = thrown.mistakes.map(({ key, value, expected }) =>
    value === "" ? `${key}: ${expected}` : `${key} is ${value}: ${expected}`,
  );
  return lines.join("\n").slice(0, 4_000);
}
