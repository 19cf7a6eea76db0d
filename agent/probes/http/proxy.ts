import { isIP } from "node:net";
import { Cidr, checkGuard } from "../net/address_guard.ts";
import type { HttpProbe } from "./config.ts";

/** The proxy that a URL is reached by; undefined without one (golang.org/x/net/http/httpproxy). */
export function proxyFor(
  url: URL,
  options: Pick<HttpProbe, "proxy_url" | "no_proxy" | "proxy_from_environment">,
): URL | undefined {
  const isFromEnvironment = options.proxy_from_environment;
  const text = isFromEnvironment ? fromEnvironment(url) : options.proxy_url;
  if (text === undefined || text === "") return undefined;
  const without = isFromEnvironment ? variable("NO_PROXY") : options.no_proxy;
  if (isWithout(url, without ?? "", isFromEnvironment)) return undefined;
  const written = text.includes("://") ? text : `http://${text}`;
  return URL.canParse(written) ? new URL(written) : undefined;
}

function fromEnvironment(url: URL): string | undefined {
  return variable(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
}

function variable(name: string): string | undefined {
  return process.env[name] ?? process.env[name.toLowerCase()];
}

function isWithout(url: URL, list: string, isFromEnvironment: boolean): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (isFromEnvironment && (host === "localhost" || host === "::1" || host.startsWith("127.")))
    return true;
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return list
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== "" && covers(entry, host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const range = Cidr.safeParse(entry);
  if (range.success && isIP(host) !== 0) {
    try {
      checkGuard([range.data]).check(host);
      return false;
    } catch {
      return true;
    }
  }
  const [name = "", wantedPort] = entry.split(":");
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const bare = name.replace(/^\*?\./, "");
  return host.endsWith(`.${bare}`) || (host === bare && !name.startsWith("."));
}
