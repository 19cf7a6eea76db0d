import { isIP } from "node:net";
import { resolveAgain } from "../net/resolve.ts";
import type { ProbeContext } from "../prober.ts";
import type { HttpProbe } from "./config.ts";
import { CookieJar } from "./cookies.ts";
import { type Exchange, type Route, type Trace, exchange, newTrace } from "./exchange.ts";
import * as families from "./gauges.ts";
import { proxyFor } from "./proxy.ts";
import { type Step, nextStep } from "./redirects.ts";
import { has } from "./request_headers.ts";

const redirectsMax = 10;

export type Outcome = {
  readonly last: Exchange;
  /** Whether it is a redirect that is not followed: its body is not read. */
  readonly isCut: boolean;
};

/** Checks what needs no look-up: a name is the proxy's to judge. */
export function checkLiteral(address: string, context: ProbeContext): void {
  if (isIP(address) !== 0) context.guard.check(address);
}

/** Requests and redirects up to the answer that counts. Throws OperatingError. */
export async function follow(
  first: Step,
  options: HttpProbe,
  traces: Trace[],
  context: ProbeContext,
  jar = new CookieJar(),
): Promise<Outcome> {
  const { gauges, notes } = context;
  const isFollowing =
    options.no_follow_redirects === undefined
      ? options.follow_redirects
      : !options.no_follow_redirects;
  let step = first;
  for (let redirects = 1; ; redirects++) {
    const trace = newTrace(step.request.url.protocol === "https:");
    traces.push(trace);
    notes.debug("Making HTTP request", {
      url: shownUrl(step.request.url),
      host: step.request.host,
    });
    const route = step.isFirstHost ? step.route : await routeOf(step, options, trace, context);
    const cookies = jar.header(step.request.url);
    const headers = new Map(step.request.headers);
    if (cookies !== undefined && !has(headers, "cookie")) headers.set("Cookie", cookies);
    const tls_config = step.isFirstHost
      ? options.tls_config
      : { ...options.tls_config, server_name: undefined };
    const last = await exchange(
      { ...step.request, headers },
      route,
      { ...options, tls_config },
      trace,
      context,
    );
    jar.take(step.request.url, last.answer.headers.get("set-cookie") ?? []);
    const next = nextStep({ ...step, route }, last.answer, options.body_file !== undefined);
    if (next === undefined) return { last, isCut: false };
    notes.info("Received redirect", { location: shownUrl(next.request.url) });
    gauges.set(families.httpRedirects, redirects);
    if (redirects > redirectsMax || !isFollowing) {
      notes.info("Not following redirect");
      return { last, isCut: true };
    }
    last.answer.close();
    step = next;
  }
}

/** Where a redirect leads, checked like the target itself. */
async function routeOf(
  { request: { url } }: Step,
  options: HttpProbe,
  trace: Trace,
  context: ProbeContext,
): Promise<Route> {
  const proxy = proxyFor(url, options);
  const serverName = url.hostname.replace(/^\[|\]$/g, "");
  if (proxy !== undefined && options.skip_resolve_phase_with_proxy) {
    checkLiteral(serverName, context);
    return { address: serverName, serverName, proxy };
  }
  const address = await resolveAgain(url.hostname, options, context);
  context.guard.check(address);
  trace.dnsDoneMs = performance.now();
  return { address, serverName, proxy };
}

/** Without credentials and parameters. */
function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
