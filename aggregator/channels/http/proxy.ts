import type { HttpConfig } from "./http_config.ts";

/** The proxy of a request, as fetch() takes it; undefined where the configuration has none or excludes the host. */
export function proxyOf(
  url: string,
  { proxy_url: proxy, no_proxy, proxy_connect_header }: HttpConfig,
): string | { url: string; headers: Record<string, string> } | undefined {
  if (proxy === undefined || isExcluded(new URL(url), no_proxy)) return undefined;
  const headers = Object.entries(proxy_connect_header).map(
    ([name, values]) => [name, values.join(", ")] as const,
  );
  return headers.length === 0 ? proxy : { url: proxy, headers: Object.fromEntries(headers) };
}

function isExcluded({ hostname, port }: URL, list: string): boolean {
  return list.split(",").some((entry) => {
    const name = entry.trim().toLowerCase();
    if (name === "") return false;
    const bare = name.startsWith(".") ? name.slice(1) : name;
    return (
      name === "*" ||
      hostname === bare ||
      `${hostname}:${port}` === bare ||
      hostname.endsWith(`.${bare}`)
    );
  });
}
