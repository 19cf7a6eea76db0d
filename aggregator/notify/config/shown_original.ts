import { stringify } from "yaml";
import { isSecretName, shownSecret, withoutSecretsIn } from "#shared/text/secrets.ts";

/** URLs that work as passwords, and keys that isSecretName() does not know. */
const secretKeys = new Set([
  "webhook_url",
  "slack_api_url",
  "mattermost_webhook_url",
  "service_key",
  "user_key",
]);
/** Keys that are secret in the configuration of some channels only. */
const secretOfChannel: Readonly<Record<string, readonly string[]>> = {
  webhook_configs: ["url"],
  slack_configs: ["api_url"],
  pagerduty_configs: ["routing_key"],
};

/** The file as YAML with `<secret>` in place of secrets. Comments are left out. */
export function shownOriginal(value: unknown): string {
  return value === undefined || value === null ? "" : stringify(withoutSecrets(value, [], []));
}

function withoutSecrets(
  value: unknown,
  path: readonly string[],
  secretHere: readonly string[],
): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, path, secretHere));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        key,
        withoutSecrets(member, [...path, key], secretOfChannel[key] ?? secretHere),
      ]),
    );
  if (value === null || value === "" || typeof value === "boolean") return value;
  if (isSecretPath(path, secretHere))
    return secretHere.includes("url") && typeof value === "string" ? hiddenUrl(value) : shownSecret;
  return typeof value === "string" ? withoutSecretsIn(value) : value;
}

/** amtool up to 0.25 reads a webhook's URL only where it is one: its host stays. */
function hiddenUrl(text: string): string {
  if (!URL.canParse(text)) return shownSecret;
  const { protocol, host } = new URL(text);
  return `${protocol}//${host}/${shownSecret}`;
}

function isSecretPath(path: readonly string[], secretHere: readonly string[]): boolean {
  const key = path.at(-1) ?? "";
  if (key.endsWith("_file") || key.endsWith("_url_file")) return false;
  // Headers of HTTP: name, then values, secrets or files.
  if (path.includes("secrets")) return true;
  return secretKeys.has(key) || secretHere.includes(key) || isSecretName(key);
}
