import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { getPath } from "hono/utils/url";
import type { Clock } from "../clock.ts";
import type { Logger } from "../log.ts";
import type { SelfMetrics } from "../self_metrics.ts";
import { secureHeaders } from "./answer_headers.ts";
import type { HttpConfig } from "./config.ts";
import {
  type CrossOriginRule,
  isPreflight,
  isQueryPath,
  letRead,
  listedOrigin,
  preflightAnswer,
} from "./cross_origin.ts";
import { isOwnName, machineNames, parseHost } from "./host_names.ts";
import { isFromBrowser, isNavigation, isReferredFromElsewhere, requesterOf } from "./requester.ts";

/** What the door has to know of the receivers behind it. */
export type Pushes = {
  /** Whether a receiver answers it. */
  readonly has: (method: string, path: string) => boolean;
  /** Origins whose pages may send to a path. */
  readonly origins: (path: string) => readonly string[];
};

type Refusal = "host" | "invalid_host" | "origin";
type Verdict =
  | { readonly kind: "let_in"; readonly readableBy?: string; readonly isTerse?: boolean }
  | { readonly kind: "answered"; readonly answer: Response; readonly readableBy?: string };

export const noPushes: Pushes = { has: () => false, origins: () => [] };
const healthChecks: ReadonlySet<string> = new Set(["/-/healthy", "/-/ready"]);
/** GETs that make this host ask other hosts: a link on a page of another origin must not do that. */
const actingGets: ReadonlySet<string> = new Set(["/probe"]);
const warnEveryMs = 60_000;
/** Of what a request sent, in an answer or a line of the log. */
const shownCharsMax = 100;

/**
 * What every HTTP request passes before it reaches a route, and every answer on its way back. There is no login, so a request is let in by where it
 * comes from: the Host must be a name of this server, which stops DNS rebinding, and pages of other origins may neither read nor change anything.
 * Programs that are no browser pass. docs/security.md says what this is good for, and what it is not.
 */
export class Door {
  readonly #clock: Clock;
  readonly #refused: Record<Refusal, number> = { host: 0, invalid_host: 0, origin: 0 };
  #http: HttpConfig = { hosts: [], cors: { origins: [] }, frame_ancestors: [] };
  #listen = "";
  #machine: readonly string[] = [];
  #pushes = noPushes;
  #log: Logger | undefined;
  /** Refusals since the last line about them. */
  #unreported = 0;
  #reportedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on these rules hold. */
  configure(http: HttpConfig): void {
    this.#http = http;
  }

  /** `listen`: the address that the server listens on. */
  opened(listen: string): void {
    this.#listen = listen;
    this.#machine = machineNames(hostname(), resolvConf());
  }

  /** The receivers that are behind it now. */
  leadsTo(pushes: Pushes): void {
    this.#pushes = pushes;
  }

  /** Refusals are counted and logged here. */
  observe(log: Logger, metrics: SelfMetrics): void {
    this.#log = log;
    const counter = metrics.counter(
      "lapwing_http_refused_requests_total",
      "HTTP requests refused before any route: for a Host that is not ours, or none, or a page of another origin.",
      ["reason"],
    );
    metrics.onCollect(() => {
      counter.reset();
      counter.inc({ reason: "host" }, this.#refused.host);
      counter.inc({ reason: "invalid_host" }, this.#refused.invalid_host);
      counter.inc({ reason: "origin" }, this.#refused.origin);
    });
  }

  /** Answers by `route` what may come in, and secures every answer. */
  async answer(
    request: Request,
    route: (request: Request) => Response | Promise<Response>,
  ): Promise<Response> {
    const whole = withUrl(request);
    // As the routes read it, so that no escape leads around a rule.
    const verdict = this.#verdict(request, getPath(whole));
    const response = verdict.kind === "answered" ? verdict.answer : await route(whole);
    const isTerse = verdict.kind === "let_in" && verdict.isTerse === true;
    const sent = isTerse ? terse(response) : response;
    const { readableBy } = verdict;
    secureHeaders(sent.headers, {
      frameAncestors: this.#http.frame_ancestors,
      isShared: readableBy !== undefined,
    });
    if (readableBy !== undefined) letRead(sent.headers, readableBy);
    return sent;
  }

  #verdict(request: Request, path: string): Verdict {
    const host = parseHost(request.headers.get("host"));
    if (host.kind === "invalid") return this.#refuse("invalid_host", request, path);
    const isOurs = host.kind === "absent" || isOwnName(host.name, this.#names());
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isOurs) {
      if (isRead && healthChecks.has(path)) return { kind: "let_in", isTerse: true };
      // Senders know us by names of their own. A rebound page can't pass for one: what it pushes carries its Origin.
      const isPush = this.#pushes.has(request.method, path);
      if (!isPush || isFromBrowser(request.headers)) return this.#refuse("host", request, path);
    }
    const requester = requesterOf(request.headers);
    const isActing = isRead && actingGets.has(path);
    switch (requester) {
      case "own_page":
        return { kind: "let_in" };
      case "program":
        return isActing && isReferredFromElsewhere(request.headers)
          ? this.#refuse("origin", request, path)
          : { kind: "let_in" };
      case "foreign_page":
        return this.#foreign(request, path, isActing);
    }
  }

  #foreign(request: Request, path: string, isActing: boolean): Verdict {
    const rule = this.#rule(path);
    const readableBy = rule && listedOrigin(request, rule);
    if (rule !== undefined && readableBy !== undefined)
      return isPreflight(request)
        ? { kind: "answered", answer: preflightAnswer(request, rule), readableBy }
        : { kind: "let_in", readableBy };
    const mayFrame = this.#http.frame_ancestors.length > 0;
    if (!isActing && isNavigation(request, mayFrame)) return { kind: "let_in" };
    return this.#refuse("origin", request, path);
  }

  #rule(path: string): CrossOriginRule | undefined {
    if (isQueryPath(path))
      return { origins: this.#http.cors.origins, methods: "GET, POST, OPTIONS" };
    const origins = this.#pushes.origins(path);
    return origins.length === 0 ? undefined : { origins, methods: "POST, OPTIONS" };
  }

  #names() {
    return { listen: this.#listen, configured: this.#http.hosts, machine: this.#machine };
  }

  #refuse(reason: Refusal, request: Request, path: string): Verdict {
    this.#refused[reason]++;
    const { status, message } = explained(reason, request.headers);
    this.#report(message, path);
    const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
    return { kind: "answered", answer: new Response(`${message}\n`, { status, headers }) };
  }

  #report(error: string, path: string): void {
    this.#unreported++;
    const nowMs = this.#clock.monotonic();
    if (this.#log === undefined || nowMs - this.#reportedMs < warnEveryMs) return;
    const fields = { error, path: shown(path), refused: this.#unreported };
    this.#log.warn("refused HTTP requests", fields);
    this.#reportedMs = nowMs;
    this.#unreported = 0;
  }
}

function explained(reason: Refusal, headers: Headers): { status: number; message: string } {
  const host = shown(headers.get("host") ?? "");
  switch (reason) {
    case "host":
      return {
        status: 421,
        message: `refused Host "${host}": this server has no such name; if that is one of its names, add it to http.hosts in the configuration`,
      };
    case "invalid_host":
      return { status: 400, message: `refused Host "${host}": expected one host name or address` };
    case "origin": {
      const origin = shown(headers.get("origin") ?? headers.get("referer") ?? "unknown");
      return {
        status: 403,
        message: `refused a request of a page of another origin (${origin}): expected Lapwing's own page; http.cors.origins in the configuration lists origins that may query by Prometheus's and Loki's APIs`,
      };
    }
  }
}

/** What a health check decides by, without the reasons, which are for those who know our name. */
function terse({ status, headers }: Response): Response {
  const type = { "content-type": headers.get("content-type") ?? "text/plain" };
  return new Response(status === 200 ? "OK\n" : "Service Unavailable\n", { status, headers: type });
}

/** Without a usable Host the URL of a request is a path alone. */
function withUrl(request: Request): Request {
  if (!request.url.startsWith("/")) return request;
  return new Request(new URL(request.url, "http://localhost"), request);
}

function shown(text: string): string {
  return text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax)}...`;
}

/** Read once, at the start; a host without one searches no domains. */
function resolvConf(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    return "";
  }
}
