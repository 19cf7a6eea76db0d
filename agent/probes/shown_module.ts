const secretHeader = /authorization|cookie|token|secret|key|passw|credential/i;

/** A module as people write it, with its defaults and without its secrets. */
export function shownParts(prober: string, timeoutMs: number | undefined, options: unknown) {
  return { prober, timeout: timeoutMs, [prober]: withoutSecrets(options) };
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
