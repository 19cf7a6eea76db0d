import { readFile } from "node:fs/promises";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { failedDueToRegex } from "../families.ts";
import { tellTls } from "../net/certificate_gauges.ts";
import { chooseAddress } from "../net/resolve.ts";
import type { Probe, ProbeContext } from "../prober.ts";
import { type Answer, firstHeader } from "./answer.ts";
import { type ReadBody, readBody, unpacked } from "./body.ts";
import { checkBody, checkHeaders, checkJson } from "./checks.ts";
import type { HttpProbe } from "./config.ts";
import { type Trace, basicOf } from "./exchange.ts";
import { type Outcome, checkLiteral, follow } from "./follow.ts";
import * as families from "./gauges.ts";
import { oauthHeader } from "./oauth2.ts";
import { proxyFor } from "./proxy.ts";
import { has, requestHeaders, set } from "./request_headers.ts";
import type { Step } from "./redirects.ts";

/** A request and what becomes of it, with redirects, in the order and with the gauges of the blackbox exporter (prober/http.go). */
export const probeHttp: Probe<HttpProbe> = async (options, context) => {
  const { gauges, notes } = context;
  for (const family of [
    families.httpContentLength,
    families.httpBodyLength,
    families.httpRedirects,
    families.httpSsl,
    families.httpStatusCode,
    families.httpVersion,
    failedDueToRegex,
  ])
    gauges.register(family);
  const hasCel =
    (options.fail_if_body_json_matches_cel ?? options.fail_if_body_json_not_matches_cel) !==
    undefined;
  if (hasCel) gauges.register(families.failedDueToCel);
  const traces: Trace[] = [];
  const first = await firstStep(options, context);
  for (const phase of ["connect", "tls", "processing", "transfer"])
    gauges.register(families.httpDuration, phase);
  let outcome: Outcome | undefined;
  try {
    outcome = await follow(first, options, traces, context);
    return await judge(outcome, options, hasCel, traces, context);
  } catch (thrown) {
    notes.error("Error for HTTP request", { err: messageOf(thrown) });
    return false;
  } finally {
    outcome?.last.answer.close();
    tellPhases(traces, context);
  }
};

async function firstStep(options: HttpProbe, context: ProbeContext): Promise<Step> {
  const { gauges, target } = context;
  const written = /^https?:\/\//i.test(target) ? target : `http://${target}`;
  if (!URL.canParse(written))
    throw new OperatingError("bad_request", `could not parse target URL "${target}"`);
  const url = new URL(written);
  const proxy = proxyFor(url, options);
  const hostHeader =
    context.hostname ??
    Object.entries(options.headers).find(([name]) => name.toLowerCase() === "host")?.[1];
  let address = url.hostname.replace(/^\[|\]$/g, "");
  if (proxy !== undefined && options.skip_resolve_phase_with_proxy)
    // A name is the proxy's to look up; an address can be checked here.
    checkLiteral(address, context);
  else {
    gauges.register(families.httpDuration, "resolve");
    const chosen = await chooseAddress(url.hostname, options, context);
    gauges.plus(families.httpDuration, chosen.seconds, "resolve");
    ({ address } = chosen);
  }
  const headers = await requestHeaders(options, options.headers);
  if (options.oauth2 !== undefined)
    set(headers, "Authorization", await oauthHeader(options.oauth2, context));
  if (url.username !== "" && !has(headers, "authorization"))
    headers.set("Authorization", basicOf(url));
  const file = options.body_file;
  const body = file === undefined ? Buffer.from(options.body) : await readFile(file);
  const name = hostHeader === undefined ? url.hostname : hostHeader.replace(/:\d+$/, "");
  const serverName = options.tls_config.server_name ?? name.replace(/^\[|\]$/g, "");
  return {
    request: { method: options.method, url, host: hostHeader ?? url.host, headers, body },
    route: { address, serverName, proxy },
    isFirstHost: true,
  };
}

async function judge(
  { last: { answer, secured }, isCut }: Outcome,
  options: HttpProbe,
  hasCel: boolean,
  traces: Trace[],
  context: ProbeContext,
): Promise<boolean> {
  const { gauges, notes } = context;
  let isGood = isStatusGood(answer.status, options, context);
  const { fail_if_header_matches: bad, fail_if_header_not_matches: good } = options;
  if (isGood && bad.length + good.length > 0)
    isGood = checkHeaders(answer.headers, options, context);
  const body = isCut ? undefined : await bodyOf(answer, options, hasCel, context);
  const trace = traces.at(-1);
  if (trace !== undefined) trace.endMs = performance.now();
  const seen = body ?? { length: 0, kept: Buffer.alloc(0), error: undefined };
  if (isGood && hasRegexes(options)) isGood = await checkBody(seen, options, context);
  if (isGood && hasCel) isGood = await checkJson(seen, options, context);
  if (seen.error !== undefined) {
    notes.error("Failed to read HTTP response body", { err: seen.error });
    isGood = false;
  }
  const modified = Date.parse(firstHeader(answer.headers, "last-modified") ?? "");
  if (!Number.isNaN(modified)) gauges.set(families.httpLastModified, Math.floor(modified / 1_000));
  gauges.set(families.httpVersion, Number(answer.version.slice("HTTP/".length)));
  const versions: readonly string[] = options.valid_http_versions;
  if (versions.length > 0 && !versions.includes(answer.version)) {
    notes.error("Invalid HTTP version number", { version: answer.version });
    isGood = false;
  }
  if (secured !== undefined) {
    gauges.set(families.httpSsl, 1);
    tellTls(secured, gauges, { chain: true, cipher: true });
    if (options.fail_if_ssl) {
      notes.error("Final request was over SSL");
      isGood = false;
    }
  } else if (options.fail_if_not_ssl && isGood) {
    notes.error("Final request was not over SSL");
    isGood = false;
  }
  gauges.set(families.httpStatusCode, answer.status);
  gauges.set(families.httpContentLength, answer.contentLength);
  gauges.set(families.httpBodyLength, seen.length);
  return isGood;
}

function isStatusGood(status: number, options: HttpProbe, { notes }: ProbeContext): boolean {
  const { valid_status_codes: valid } = options;
  notes.debug("Received HTTP response", { status_code: status });
  const isGood = valid.length > 0 ? valid.includes(status) : status >= 200 && status < 300;
  if (!isGood)
    notes.error("Invalid HTTP response status code", {
      status_code: status,
      valid_status_codes: valid.length > 0 ? valid.join(" ") : "2xx",
    });
  return isGood;
}

function hasRegexes(options: HttpProbe): boolean {
  const { fail_if_body_matches_regexp: bad, fail_if_body_not_matches_regexp: good } = options;
  return bad.length + good.length > 0;
}

function bodyOf(
  answer: Answer,
  options: HttpProbe,
  hasCel: boolean,
  { deadline }: ProbeContext,
): Promise<ReadBody> {
  const body = unpacked(answer.body(), options.compression);
  return readBody(body, options.body_size_limit, hasCel || hasRegexes(options), deadline);
}

function tellPhases(traces: readonly Trace[], { gauges }: ProbeContext): void {
  const add = (phase: string, fromMs: number, toMs: number) =>
    gauges.plus(families.httpDuration, (toMs - fromMs) / 1_000, phase);
  for (const [i, trace] of traces.entries()) {
    // The first one's was measured when the address was chosen.
    if (i > 0) add("resolve", trace.startMs, trace.dnsDoneMs);
    if (trace.gotConnectionMs === 0) continue;
    add("connect", trace.dnsDoneMs, trace.isTls ? trace.connectDoneMs : trace.gotConnectionMs);
    if (trace.isTls) add("tls", trace.tlsStartMs, trace.tlsDoneMs);
    if (trace.responseStartMs === 0) continue;
    add("processing", trace.gotConnectionMs, trace.responseStartMs);
    if (trace.endMs > 0) add("transfer", trace.responseStartMs, trace.endMs);
  }
}
