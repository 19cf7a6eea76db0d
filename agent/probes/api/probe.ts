import { OperatingError, messageOf } from "#shared/errors.ts";
import { gauge } from "../../collect/samples/family.ts";
import { readFile } from "#shared/http/credentials.ts";
import { readBody } from "../http/body.ts";
import { HttpProbe } from "../http/config.ts";
import { CookieJar } from "../http/cookies.ts";
import type { Trace } from "../http/exchange.ts";
import { follow } from "../http/follow.ts";
import { requestHeaders } from "../http/request_headers.ts";
import { tellTls } from "../net/certificate_gauges.ts";
import { resolveAgain, chooseAddress } from "../net/resolve.ts";
import type { Probe, ProbeContext } from "../prober.ts";
import { type StepAnswer, extracted, failedAssertions } from "./assertions.ts";
import type { ApiProbe, ApiStep } from "./config.ts";
import { filledIn } from "./template.ts";

const stepSuccess = gauge(
  "lapwing_probe_step_success",
  "Whether a step was answered as it should be; absent for steps that were not reached.",
  ["step"],
);
const stepDuration = gauge(
  "lapwing_probe_step_duration_seconds",
  "Time from a step's request to the end of its answer.",
  ["step"],
);
const stepStatus = gauge("lapwing_probe_step_status_code", "HTTP status of a step's answer.", [
  "step",
]);
const stepFailedAssertions = gauge(
  "lapwing_probe_step_failed_assertions",
  "Assertions of a step that do not hold.",
  ["step"],
);

const plainHttp = HttpProbe.parse({});

type State = {
  readonly base: URL;
  readonly variables: Map<string, string>;
  readonly jar: CookieJar;
  readonly hosts: Map<string, string>;
};

/** Steps one after the other, up to the first that fails. */
export const probeApi: Probe<ApiProbe> = async (options, context) => {
  const { target, notes, gauges } = context;
  const written = /^https?:\/\//i.test(target) ? target : `http://${target}`;
  if (!URL.canParse(written))
    throw new OperatingError("bad_request", `could not parse target URL "${target}"`);
  const base = new URL(written);
  const variables = new Map(Object.entries(options.variables));
  for (const [name, file] of Object.entries(options.variable_files))
    variables.set(name, (await readFile(file)).trim());
  const { address } = await chooseAddress(base.hostname, options, context);
  const hosts = new Map([[base.hostname, address]]);
  const state: State = { base, variables, jar: new CookieJar(), hosts };
  for (const step of options.steps) {
    notes.debug("Step", { step: step.name, method: step.method, url: step.url });
    const isGood = await takeStep(step, options, state, context);
    gauges.set(stepSuccess, isGood ? 1 : 0, step.name);
    if (!isGood) return false;
  }
  return true;
};

async function takeStep(
  step: ApiStep,
  options: ApiProbe,
  state: State,
  context: ProbeContext,
): Promise<boolean> {
  const { notes, gauges } = context;
  const startMs = performance.now();
  let answer: StepAnswer;
  try {
    answer = await ask(step, options, state, context);
  } catch (thrown) {
    notes.error("Step failed", { step: step.name, err: messageOf(thrown) });
    return false;
  } finally {
    gauges.set(stepDuration, (performance.now() - startMs) / 1_000, step.name);
  }
  gauges.set(stepStatus, answer.status, step.name);
  let failed: readonly string[];
  try {
    failed = await failedAssertions(step, answer);
  } catch (thrown) {
    failed = [messageOf(thrown)];
  }
  gauges.set(stepFailedAssertions, failed.length, step.name);
  if (failed.length > 0) {
    notes.error("Assertions do not hold", { step: step.name, failed: failed.join("; ") });
    return false;
  }
  for (const [name, from] of Object.entries(step.extract)) {
    const value = extracted(from, answer);
    if (value === undefined) {
      notes.error("Nothing to extract", { step: step.name, variable: name });
      return false;
    }
    state.variables.set(name, value);
  }
  return true;
}

async function ask(
  step: ApiStep,
  options: ApiProbe,
  { base, variables, jar, hosts }: State,
  context: ProbeContext,
): Promise<StepAnswer> {
  const fill = (text: string) => filledIn(text, variables);
  const path = fill(step.url);
  if (!URL.canParse(path, base.href))
    throw new OperatingError("bad_request", "its url, variables filled in, is none");
  const url = new URL(path, base.href);
  const address = hosts.get(url.hostname) ?? (await resolveAgain(url.hostname, options, context));
  context.guard.check(address);
  hosts.set(url.hostname, address);
  const { preferred_ip_protocol, ip_protocol_fallback, tls_config, enable_http2 } = options;
  const { follow_redirects } = step;
  const http: HttpProbe = {
    ...plainHttp,
    preferred_ip_protocol,
    ip_protocol_fallback,
    tls_config,
    enable_http2,
    follow_redirects,
  };
  const plain = Object.fromEntries(
    Object.entries(step.headers).map(([name, value]) => [name, fill(value)]),
  );
  const named = Object.entries(plain).find(([name]) => name.toLowerCase() === "host")?.[1];
  const serverName = tls_config.server_name ?? url.hostname.replace(/^\[|\]$/g, "");
  const traces: Trace[] = [];
  const startMs = performance.now();
  const { last } = await follow(
    {
      request: {
        method: step.method,
        url,
        host: named ?? url.host,
        headers: await requestHeaders(http, plain),
        body: Buffer.from(fill(step.body)),
      },
      route: { address, serverName, proxy: undefined },
      isFirstHost: true,
    },
    http,
    traces,
    context,
    jar,
  );
  const body = await readBody(last.answer.body(), options.body_size_limit, true, context.deadline);
  last.answer.close();
  if (last.secured !== undefined)
    tellTls(last.secured, context.gauges, { chain: true, cipher: true });
  const { status, headers } = last.answer;
  return { status, headers, body, seconds: (performance.now() - startMs) / 1_000 };
}
