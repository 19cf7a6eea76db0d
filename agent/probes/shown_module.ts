import { shownYaml } from "#shared/runtime/shown_config.ts";
import type { ProbeModule } from "./module.ts";

const secretHeader = /authorization|cookie|token|secret|key|passw|credential/i;

/** A module as YAML with its defaults, and without its secrets. */
export function shownModule({ prober, timeoutMs, options }: ProbeModule): string {
  return shownYaml({ prober, timeout: timeoutMs, [prober]: withoutSecrets(options) });
}

function withoutSecrets(value: unknown, name = ""): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => withoutSecrets(one));
  if ("source" in value) return value;
  const isHeaders = name === "headers" || name === "metadata" || name === "http_headers";
  return Object.fromEntries(
    Object.entries(value).map(([key, one]: [string, unknown]) => {
      const isSecret =
        key === "secrets" ||
        (isHeaders && secretHeader.test(key)) ||
        key === "proxy_connect_header";
      return [key, isSecret ? "<secret>" : withoutSecrets(one, key)];
    }),
  );
}
