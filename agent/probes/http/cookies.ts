const cookiesMax = 100;

type Cookie = {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isSecure: boolean;
};

/** Cookies that one probe was given on its way, for the redirects that follow (RFC 6265; domains of one label take none). */
export class CookieJar {
  #cookies: Cookie[] = [];

  take(url: URL, lines: readonly string[]): void {
    for (const line of lines) {
      const cookie = cookieOf(url, line);
      if (cookie === undefined || this.#cookies.length >= cookiesMax) continue;
      const isOther = (one: Cookie) =>
        one.name !== cookie.name || one.domain !== cookie.domain || one.path !== cookie.path;
      this.#cookies = [...this.#cookies.filter(isOther), cookie];
    }
  }

  /** Header `Cookie` of a request; undefined without any. */
  header(url: URL): string | undefined {
    const host = url.hostname;
    const fitting = this.#cookies.filter(
      (cookie) =>
        (host === cookie.domain || (!cookie.isHostOnly && host.endsWith(`.${cookie.domain}`))) &&
        isBelow(url.pathname, cookie.path) &&
        (!cookie.isSecure || url.protocol === "https:"),
    );
    if (fitting.length === 0) return undefined;
    return fitting.map(({ name, value }) => `${name}=${value}`).join("; ");
  }
}

function cookieOf(url: URL, line: string): Cookie | undefined {
  const [pair = "", ...attributes] = line.split(";");
  const at = pair.indexOf("=");
  if (at <= 0) return undefined;
  const named = new Map(
    attributes.map((attribute) => {
      const [name = "", ...value] = attribute.split("=");
      return [name.trim().toLowerCase(), value.join("=").trim()] as const;
    }),
  );
  const domain = (named.get("domain") ?? "").replace(/^\./, "").toLowerCase();
  const isForDomain = domain !== "" && domain !== url.hostname;
  if (isForDomain && (!domain.includes(".") || !url.hostname.endsWith(`.${domain}`)))
    return undefined;
  const path = named.get("path") ?? "";
  return {
    name: pair.slice(0, at).trim(),
    value: pair.slice(at + 1).trim(),
    domain: isForDomain ? domain : url.hostname,
    isHostOnly: domain === "",
    path: path.startsWith("/") ? path : url.pathname.replace(/\/[^/]*$/, "") || "/",
    isSecure: named.has("secure"),
  };
}

function isBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(parent.endsWith("/") ? parent : `${parent}/`);
}
