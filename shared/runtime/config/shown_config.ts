import { stringify } from "yaml";
import { isSecretName, shownSecret, withoutSecretsIn } from "../../text/secrets.ts";

/** Files, places and times of secrets are none, nor is the block that holds a kind and credentials. */
const aboutSecret = /_(?:files?|url|ttl|grace)$|^authorization$/;
/** Texts that a probe sends. */
const sentKeys: ReadonlySet<string> = new Set(["body", "send", "send_bytes"]);
/** Anyone who knows the URLs below these may use them. */
const pingedKeys: ReadonlySet<string> = new Set(["webhooks", "heartbeat"]);
/** Lists of words of a program to run. */
const programKeys: ReadonlySet<string> = new Set(["command", "args", "arguments"]);
const option = /^-{1,2}([\w-]+)(?:=|$)/;

/** Maps whose keys their owner chooses: only values under these names are shown. */
const freeMaps: Readonly<Record<string, RegExp>> = {
  params: /^(?:match\[\]|collect\[\]|exclude\[\]|name\[\]|module|target|format|family|debug)$/,
  headers: /^(?:accept(?:-.*)?|content-type|host|user-agent|cache-control|origin)$/i,
  http_headers: /^(?:accept(?:-.*)?|content-type|host|user-agent|cache-control|origin)$/i,
  proxy_connect_header: /^(?:host|user-agent)$/i,
  metadata: /^(?:user-agent|content-type)$/i,
  endpoint_params: /^(?:audience|scope|resource|grant_type)$/,
  env: /^(?:LANG|LC_[A-Z]+|TZ|PATH|HOME)$/,
  variables: /^$/,
};

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
  return isSecretName(key) && !aboutSecret.test(key);
}

/** Whether what stands at a path must not be shown, as for a mistake that names its value. */
export function isSecretPath(path: readonly string[]): boolean {
  return path.some((key, i) => {
    const map = freeMapOf(path[i - 1] ?? "");
    const isChosen = map !== undefined && !/^\d+$/.test(key) && !map.test(key);
    // Addresses of webhooks let anybody who knows them send.
    const isWebhook = key === "url" && path.slice(0, i).some((one) => pingedKeys.has(one));
    return (
      isSecretKey(key) || isChosen || isWebhook || (sentKeys.has(key) && i === path.length - 1)
    );
  });
}

/** The same without a note. */
export function shownYaml(config: unknown): string {
  return stringify(withoutSecrets(config));
}

/** The same as data. */
export function withoutSecrets(config: unknown): unknown {
  return shown(config, { isSecret: false, key: "", isWebhook: false });
}

type At = { readonly isSecret: boolean; readonly key: string; readonly isWebhook: boolean };

function shown(value: unknown, at: At): unknown {
  if (value === null || value === undefined) return value;
  if (Array.isArray(value)) return shownList(value, at);
  if (typeof value === "object") return shownMap(value, at);
  if (at.isSecret) return shownSecret;
  if (typeof value !== "string") return value;
  if (sentKeys.has(at.key)) return value === "" ? value : shownSecret;
  return withoutSecretsIn(value);
}

function shownMap(value: object, at: At): unknown {
  // What has a source is a compiled regular expression, which is written as its text.
  if ("source" in value && typeof value.source === "string")
    return at.isSecret ? shownSecret : value.source;
  if ("shown" in value && typeof value.shown === "function") return shown(value.shown(), at);
  const map = freeMapOf(at.key);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, one]) => typeof one !== "function" && key !== "fingerprint")
      .map(([key, one]: [string, unknown]) => [key, shown(one, within(key, at, map))]),
  );
}

function freeMapOf(key: string): RegExp | undefined {
  return Object.hasOwn(freeMaps, key) ? freeMaps[key] : undefined;
}

function within(key: string, at: At, map: RegExp | undefined): At {
  // Of a header that may be in a file.
  if (key === "files") return { ...at, key, isSecret: false };
  const isAddress = at.isWebhook && key === "url";
  const isChosen = map !== undefined && !map.test(key);
  return {
    key,
    isSecret: at.isSecret || isSecretKey(key) || isChosen || isAddress,
    isWebhook: at.isWebhook || pingedKeys.has(key),
  };
}

function shownList(list: readonly unknown[], at: At): unknown[] {
  if (!programKeys.has(at.key)) return list.map((one) => shown(one, at));
  let isNext = false;
  return list.map((word) => {
    const text = typeof word === "string" ? word : "";
    const [given = "", name = ""] = option.exec(text) ?? [];
    const isSecret = isSecretName(name);
    const hidden = isNext || (isSecret && given.endsWith("="));
    isNext = isSecret && given !== "" && !given.endsWith("=");
    if (!hidden) return shown(word, at);
    return given.endsWith("=") ? `${given}${shownSecret}` : shownSecret;
  });
}
