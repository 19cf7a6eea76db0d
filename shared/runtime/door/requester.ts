/**
 * Who sends a request: Lapwing's own page, a page of another origin, or a program that is no browser. Browsers set these headers, and no page can
 * change them. Sec-Fetch-Site is sent to HTTPS and to loopback only; Origin with everything but plain GET and HEAD, and with each WebSocket.
 */
export type Requester = "own_page" | "foreign_page" | "program";

const markers = ["origin", "referer", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"];

/** Whether a browser sends it for sure. Not every request of a browser shows that. */
export function isFromBrowser(headers: Headers): boolean {
  return markers.some((name) => headers.has(name));
}

export function requesterOf(headers: Headers): Requester {
  const site = headers.get("sec-fetch-site");
  // "none" is a person: an address that was typed, a bookmark.
  if (site === "same-origin" || site === "none") return "own_page";
  if (site !== null) return "foreign_page";
  const origin = headers.get("origin");
  if (origin === null) return "program";
  return isOwnAuthority(URL.parse(origin), headers) ? "own_page" : "foreign_page";
}

/** Whether the page that asks is of another origin, by its Referer: for GETs that do more than read. */
export function isReferredFromElsewhere(headers: Headers): boolean {
  const referer = headers.get("referer");
  return referer !== null && !isOwnAuthority(URL.parse(referer), headers);
}

/**
 * A person follows a link: the answer replaces the page that the link is on. The answer to a frame stays within it, so `mayFrame` says whether that
 * is allowed.
 */
export function isNavigation({ method, headers }: Request, mayFrame: boolean): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  if (headers.get("sec-fetch-mode") !== "navigate") return false;
  const into = headers.get("sec-fetch-dest");
  return into === "document" || (mayFrame && into === "iframe");
}

/** A proxy in front may put its upstream's address into Host, and what it was asked for into X-Forwarded-Host. */
function isOwnAuthority(url: URL | null, headers: Headers): boolean {
  if (url === null || url.host === "") return false;
  const own = [headers.get("host"), headers.get("x-forwarded-host")?.split(",")[0]?.trim()];
  return own.some((host) => host && URL.parse(`${url.protocol}//${host}`)?.host === url.host);
}
