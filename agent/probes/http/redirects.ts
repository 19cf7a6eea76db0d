import { type Answer, type Request, firstHeader } from "./answer.ts";
import type { Route } from "./exchange.ts";
import { has, remove } from "./request_headers.ts";

/** A request and where it goes. */
export type Step = {
  readonly request: Request;
  /** Of the step before, where the host is another. */
  readonly route: Route;
  /** Whether it goes where the first request went. */
  readonly isFirstHost: boolean;
};

/** Headers that are meant for the first host alone. */
const credentials = ["authorization", "cookie", "www-authenticate"];

/** The request that a redirect asks for, as Go's net/http makes it; undefined for an answer that is none. */
export function nextStep(step: Step, answer: Answer, isBodyOnce: boolean): Step | undefined {
  const { request, route } = step;
  const { status } = answer;
  const isRepeated = status === 307 || status === 308;
  if (!isRepeated && ![301, 302, 303].includes(status)) return undefined;
  const location = firstHeader(answer.headers, "location") ?? "";
  if (location === "" || !URL.canParse(location, request.url.href)) return undefined;
  if (isRepeated && isBodyOnce && request.body.length > 0) return undefined;
  const url = new URL(location, request.url.href);
  const isAbsolute = /^(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(location);
  const method = isRepeated || request.method === "HEAD" ? request.method : "GET";
  const headers = new Map(request.headers);
  if (url.host !== request.url.host) for (const name of credentials) remove(headers, name);
  if (!isRepeated) remove(headers, "content-type");
  const isDowngrade = request.url.protocol === "https:" && url.protocol === "http:";
  if (!isDowngrade && !has(headers, "referer"))
    headers.set("Referer", `${request.url.origin}${request.url.pathname}${request.url.search}`);
  return {
    request: {
      method,
      url,
      host: isAbsolute ? url.host : request.host,
      headers,
      body: isRepeated ? request.body : new Uint8Array(),
    },
    route,
    isFirstHost: step.isFirstHost && !isAbsolute,
  };
}
