import { createHash } from "node:crypto";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { formatDuration, parseDuration } from "#shared/text/duration.ts";
import { isSecretParameter, shownSecret, withoutSecretsIn } from "#shared/text/secrets.ts";
import type { Job } from "./job.ts";
import { relabel } from "#shared/relabel/relabel.ts";

/** How far into the next interval a missed tick is still made up for. */
const missedShare = 0.5;

/** One endpoint that is scraped. */
export type Target = {
  /** Labels that go on every series: without those that begin with "__". */
  readonly labels: Labels;
  readonly discoveredLabels: Labels;
  readonly url: string;
  readonly unixSocket?: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Equal for targets that need the same scrape: what a pool tells changes by. */
  readonly key: string;
};

export type BuiltTarget =
  | { readonly kind: "target"; readonly target: Target }
  | { readonly kind: "dropped"; readonly discoveredLabels: Labels; readonly reason: string };

/** From what discovery found to what is scraped: defaults, relabelling, checks. `reason` is empty where a rule dropped it. */
export function buildTarget(job: Job, found: Labels): BuiltTarget {
  const discovered = discoveredLabels(job, found);
  const labels = new Map(discovered);
  const discoveredRecord = Object.fromEntries(discovered);
  const dropped = (reason: string): BuiltTarget => ({
    kind: "dropped",
    discoveredLabels: discoveredRecord,
    reason,
  });
  try {
    if (!relabel(labels, job.relabel_configs)) return dropped("");
    return { kind: "target", target: finish(job, labels, discoveredRecord) };
  } catch (thrown) {
    return dropped(messageOf(thrown));
  }
}

function discoveredLabels(job: Job, found: Labels): Map<string, string> {
  const labels = new Map<string, string>(Object.entries(found).filter(([, value]) => value !== ""));
  const defaults: [string, string][] = [
    ["job", job.job_name],
    ["__scrape_interval__", formatDuration(job.intervalMs)],
    ["__scrape_timeout__", formatDuration(job.timeoutMs)],
    ["__metrics_path__", job.metrics_path],
    ["__scheme__", job.scheme],
  ];
  for (const [name, value] of defaults) if (!labels.has(name)) labels.set(name, value);
  for (const [name, [first]] of Object.entries(job.params)) {
    if (first !== undefined && first !== "") labels.set(`__param_${name}`, first);
  }
  return labels;
}

function finish(job: Job, labels: Map<string, string>, discovered: Labels): Target {
  const address = labels.get("__address__") ?? "";
  if (address === "") throw new OperatingError("bad_request", "no address");
  if (address.includes("/")) {
    throw new OperatingError("bad_request", `"${address}" is not a valid host name`);
  }
  const intervalMs = positiveMs(labels, "__scrape_interval__");
  const timeoutMs = positiveMs(labels, "__scrape_timeout__");
  if (timeoutMs > intervalMs) {
    throw new OperatingError("bad_request", "scrape timeout is longer than the scrape interval");
  }
  if ((labels.get("instance") ?? "") === "") labels.set("instance", address);
  const own = [...labels].filter(([name]) => !name.startsWith("__"));
  const scrapeLabels = [...labels].filter(([name]) => !name.startsWith("__meta_"));
  const unixSocket = labels.get("__unix_socket__");
  const url = urlOf(job, labels, address);
  const key = `${labelsKey(Object.fromEntries(scrapeLabels))}${url}`;
  return {
    labels: Object.fromEntries(own),
    discoveredLabels: discovered,
    url,
    ...(unixSocket === undefined ? {} : { unixSocket }),
    intervalMs,
    timeoutMs,
    key,
  };
}

function positiveMs(labels: ReadonlyMap<string, string>, name: string): number {
  const text = labels.get(name) ?? "";
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) {
    throw new OperatingError("bad_request", `${name} "${text}" is not a duration above 0`);
  }
  return ms;
}

function urlOf(job: Job, labels: ReadonlyMap<string, string>, address: string): string {
  const scheme = labels.get("__scheme__") ?? job.scheme;
  if (scheme !== "http" && scheme !== "https") {
    throw new OperatingError("bad_request", `scheme "${scheme}" is not http or https`);
  }
  const path = labels.get("__metrics_path__") ?? "";
  const params = new URLSearchParams();
  for (const [name, values] of Object.entries(job.params)) {
    for (const value of values) params.append(name, value);
  }
  for (const [label, value] of labels) {
    if (!label.startsWith("__param_")) continue;
    const name = label.slice("__param_".length);
    // The label stands for the first value alone.
    const [, ...rest] = params.getAll(name);
    params.delete(name);
    for (const each of [value, ...rest]) params.append(name, each);
  }
  const query = params.size > 0 ? `${path.includes("?") ? "&" : "?"}${params.toString()}` : "";
  const text = `${scheme}://${address}${path.startsWith("/") ? "" : "/"}${path}${query}`;
  if (!URL.canParse(text)) throw new OperatingError("bad_request", `"${address}" makes no URL`);
  return text;
}

/**
 * Where in its interval a target is scraped: the same after every restart, spread evenly over targets, and different
 * from host to host for the same target.
 */
export function offsetMs(target: Pick<Target, "key" | "intervalMs">, seed: string): number {
  const digest = createHash("md5").update(`${target.key}\u00ff${seed}`).digest();
  return Number(digest.readBigUInt64BE(8) % BigInt(target.intervalMs));
}

/**
 * The first time of a target's grid (`offset` + n * `intervalMs`, all in milliseconds) that is both ahead of `nowMs` and not used yet; `usedMs` is the tick of
 * the last scrape, 0 for none.
 */
export function tickAhead(
  nowMs: number,
  usedMs: number,
  intervalMs: number,
  offset: number,
): number {
  const ahead = Math.floor((nowMs - offset) / intervalMs + 1) * intervalMs + offset;
  // A timer may fire just before its time, and then the tick ahead is the one that was just used.
  return ahead === usedMs ? ahead + intervalMs : ahead;
}

/**
 * The tick that the next scrape is for: the one ahead, or one that passed while the scrape before it was under way. That is made up for, as Prometheus
 * does whose ticker keeps one tick: a target that hangs for its whole interval still has a sample in each.
 */
export function nextTick(
  nowMs: number,
  usedMs: number,
  intervalMs: number,
  offset: number,
): number {
  const ahead = tickAhead(nowMs, usedMs, intervalMs, offset);
  const missed = ahead - intervalMs;
  return missed === usedMs + intervalMs &&
    nowMs >= missed &&
    nowMs - missed < intervalMs * missedShare
    ? missed
    : ahead;
}

/** The URL without user information and without the values of parameters that are named like secrets. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return "";
  const shown = new URL(url);
  if (shown.username !== "") shown.username = shownSecret;
  if (shown.password !== "") shown.password = shownSecret;
  for (const name of new Set(shown.searchParams.keys())) {
    if (isSecretParameter(name)) shown.searchParams.set(name, shownSecret);
  }
  return shown.toString();
}

/** The same care for labels that carry parameters or an address. */
export function shownLabels(labels: Labels): Labels {
  const shown = Object.entries(labels).map(([name, value]) => {
    const isSecret =
      name.startsWith("__param_") && isSecretParameter(name.slice("__param_".length));
    return [name, isSecret ? shownSecret : withoutSecretsIn(value)] as const;
  });
  return Object.fromEntries(
    shown.map(([name, value]) => [
      name,
      name === "__address__" || name === "instance" ? value.replace(/^[^@]*@/, "") : value,
    ]),
  );
}
