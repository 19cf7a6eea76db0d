import { stringify } from "yaml";

const shownSecret = "<secret>";
/** In any case: variables of an environment are in capitals. */
const secretKey = /password|secret|token|credentials|nkey|seed|^key$|access_key|shared_key/i;
/** user:password@ in a URL. */
const inUrl = /^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i;
/** The same before a host without a scheme. */
const inAddress = /^[^/@:\s]+:[^/@\s]+@/;

/**
 * A configuration as YAML to be shown: everything under a secret's key, and what stands before the host in a URL, is
 * `<secret>`. Names of files that hold secrets are shown. A part with a method `shown` is shown as that gives it, and fingerprints, which are the
 * text of what was written, are left out.
 */
export function shownConfig(config: unknown): string {
  const note =
    "# As it is in effect, defaults included: durations in milliseconds, sizes in bytes.\n";
  return note + shownYaml(config);
}

/** Whether what stands under a key must not be shown. */
export function isSecretKey(key: string): boolean {
  return secretKey.test(key) && !key.endsWith("_file");
}

/** The same without a note. */
export function shownYaml(config: unknown): string {
  return stringify(withoutSecrets(config));
}

/** The same as data. */
export function withoutSecrets(config: unknown): unknown {
  return shown(config, false);
}

function shown(value: unknown, isSecret: boolean): unknown {
  if (value === null || value === undefined) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => shown(one, isSecret));
  if (typeof value === "object") {
    // What has a source is a compiled regular expression, which is written as its text.
    if ("source" in value && typeof value.source === "string") return shown(value.source, isSecret);
    if ("shown" in value && typeof value.shown === "function")
      return shown(value.shown(), isSecret);
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key, one]) => typeof one !== "function" && key !== "fingerprint")
        .map(([key, one]: [string, unknown]) => [key, shown(one, isSecret || isSecretKey(key))]),
    );
  }
  if (isSecret) return shownSecret;
  if (typeof value !== "string") return value;
  return value.replace(inUrl, `$1${shownSecret}@`).replace(inAddress, `${shownSecret}@`);
}
