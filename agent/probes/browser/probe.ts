import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { gauge } from "../../collect/samples/family.ts";
import { chooseAddress } from "../net/resolve.ts";
import type { Probe, ProbeContext } from "../prober.ts";
import { Chromium } from "./chromium.ts";
import type { BrowserProbe } from "./config.ts";
import type { DevTools } from "./dev_tools.ts";
import { startGuardingProxy } from "./guarding_proxy.ts";

const duration = gauge(
  "lapwing_probe_browser_duration_seconds",
  "Time until the browser was up (launch) and, from the start of the navigation, until the first byte of the page (response), its text was read (dom), all of it was loaded (load), something was painted (paint), and what was waited for was there (wait).",
  ["phase"],
);
const statusCode = gauge("lapwing_probe_browser_status_code", "HTTP status of the page.");
const requests = gauge(
  "lapwing_probe_browser_requests",
  "Requests that the page made, itself included.",
);
const failedRequests = gauge(
  "lapwing_probe_browser_failed_requests",
  "Requests of the page that got no answer, or one of status 400 and above.",
);
const receivedBytes = gauge(
  "lapwing_probe_browser_received_bytes",
  "Bytes that the page's requests received, packed as they came.",
);

/** Browsers take hundreds of megabytes, so no more than this run at a time. */
const runningMax = 2;
let running = 0;
const pollMs = 50;
const choice = { preferred_ip_protocol: "ip4", ip_protocol_fallback: true } as const;

const Response = z.looseObject({
  type: z.string(),
  response: z.looseObject({ status: z.number() }),
});
const Finished = z.looseObject({ encodedDataLength: z.number() });
const Navigated = z.looseObject({ errorText: z.string().optional() });
const Timings = z.looseObject({
  response: z.number(),
  dom: z.number(),
  load: z.number(),
  paint: z.number(),
});

/** Loads a page in a browser of its own, waits for what must be there, and tells the times. */
export const probeBrowser: Probe<BrowserProbe> = async (options, context) => {
  const { target, gauges } = context;
  const written = /^https?:\/\//i.test(target) ? target : `http://${target}`;
  if (!URL.canParse(written))
    throw new OperatingError("bad_request", `could not parse target URL "${target}"`);
  if (running >= runningMax)
    throw new OperatingError("overloaded", `${runningMax} browsers are running`);
  running++;
  const proxy = await startGuardingProxy(context);
  let browser: Chromium | undefined;
  try {
    await chooseAddress(new URL(written).hostname, choice, context);
    const startMs = performance.now();
    browser = await Chromium.start(options, proxy.port, context.deadline);
    gauges.set(duration, (performance.now() - startMs) / 1_000, "launch");
    return await visit(written, options, browser.tools, context);
  } finally {
    running--;
    proxy.close();
    await browser?.close();
  }
};

async function visit(
  url: string,
  options: BrowserProbe,
  tools: DevTools,
  context: ProbeContext,
): Promise<boolean> {
  const { gauges, notes, deadline } = context;
  for (const family of [statusCode, requests, failedRequests, receivedBytes])
    gauges.register(family);
  const loaded = Promise.withResolvers<void>();
  let status = 0;
  tools.on("Page.loadEventFired", () => loaded.resolve());
  tools.on("Network.requestWillBeSent", () => gauges.plus(requests, 1));
  tools.on("Network.loadingFailed", () => gauges.plus(failedRequests, 1));
  tools.on("Network.loadingFinished", (params) =>
    gauges.plus(receivedBytes, Finished.parse(params).encodedDataLength),
  );
  tools.on("Network.responseReceived", (params) => {
    const { type, response } = Response.parse(params);
    if (type === "Document" && status === 0) status = response.status;
    if (response.status >= 400) gauges.plus(failedRequests, 1);
  });
  await tools.send("Page.enable");
  await tools.send("Network.enable");
  const startMs = performance.now();
  const { errorText } = Navigated.parse(await tools.send("Page.navigate", { url }));
  gauges.set(statusCode, status);
  if (errorText !== undefined && errorText !== "") {
    notes.error("The page was not loaded", { err: errorText });
    return false;
  }
  await deadline.race(loaded.promise);
  gauges.set(statusCode, status);
  const isThere = await waitFor(options, tools, context);
  gauges.set(duration, (performance.now() - startMs) / 1_000, "wait");
  await tellTimings(tools, context);
  const { valid_status_codes: valid } = options;
  const isGood = valid.length > 0 ? valid.includes(status) : status >= 200 && status < 300;
  if (!isGood) notes.error("Invalid HTTP response status code", { status_code: status });
  return isGood && isThere;
}

/** Whether what is waited for came before the time was over. */
async function waitFor(
  { wait_for: { selector, text } }: BrowserProbe,
  tools: DevTools,
  { deadline, notes, clock }: ProbeContext,
): Promise<boolean> {
  const conditions = [
    ...(selector === undefined
      ? []
      : [`document.querySelector(${JSON.stringify(selector)}) !== null`]),
    ...(text === undefined
      ? []
      : [`(document.body?.innerText ?? "").includes(${JSON.stringify(text)})`]),
  ];
  if (conditions.length === 0) return true;
  // Something is left to tell the times in.
  while (deadline.leftMs > 2 * pollMs) {
    try {
      if ((await tools.evaluate(conditions.join(" && "))) === true) return true;
    } catch (thrown) {
      notes.debug("Asking the page failed", { err: messageOf(thrown) });
    }
    await clock.sleep(pollMs, deadline.signal);
  }
  notes.error("What is waited for is not there", { selector: selector ?? "", text: text ?? "" });
  return false;
}

async function tellTimings(tools: DevTools, { gauges }: ProbeContext): Promise<void> {
  const answer = await tools.evaluate(`(() => {
    const [page] = performance.getEntriesByType("navigation");
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    return { response: page.responseStart, dom: page.domContentLoadedEventEnd, load: page.loadEventEnd, paint: paint?.startTime ?? 0 };
  })()`);
  const timings = Timings.parse(answer);
  for (const phase of ["response", "dom", "load", "paint"] as const)
    if (timings[phase] > 0) gauges.set(duration, timings[phase] / 1_000, phase);
}
