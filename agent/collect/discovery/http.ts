import { z } from "zod";
import { withoutSecretsIn } from "#shared/text/secrets.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { duration } from "#shared/text/duration.ts";
import { httpGet } from "../http/http_client.ts";
import { authorizationFault, httpClientShape } from "#shared/http/client_config.ts";
import { type TargetGroup, defineDiscovery } from "./discovery.ts";
import { TargetList, groupOf } from "./target_list.ts";

export const HttpSdConfig = z.lazy(() =>
  z
    .strictObject({
      url: z.url({ protocol: /^https?$/, error: "expected an http or https URL" }),
      refresh_interval: duration.refine((ms) => ms > 0, "must be above 0").prefault("60s"),
      ...httpClientShape(),
    })
    .refine((config) => authorizationFault(config) === undefined, {
      path: ["authorization"],
      error: "only one way to authorize may be given",
    }),
);

/** The longest that a list may take to arrive, and the largest that it may be. */
const timeoutMaxMs = 30_000;
const bodyBytesMax = 16 * 1024 ** 2;

/** Targets that an HTTP server lists as JSON; it is asked again at an interval. */
export const httpDiscovery = defineDiscovery({
  type: "http",
  config: HttpSdConfig,
  async run(config, { clock, log, signal, update }) {
    while (!signal.aborted) {
      try {
        update(await fetchGroups(config, signal));
      } catch (thrown) {
        if (signal.aborted) return;
        log.warn("HTTP discovery failed, the last list stays", {
          error: withoutSecretsIn(messageOf(thrown)),
        });
      }
      await clock.sleep(config.refresh_interval, signal);
    }
  },
});

async function fetchGroups(
  config: z.output<typeof HttpSdConfig>,
  signal: AbortSignal,
): Promise<TargetGroup[]> {
  const { contentType, body } = await httpGet({
    url: config.url,
    headers: {
      Accept: "application/json",
      "Accept-Encoding": "gzip",
      "X-Prometheus-Refresh-Interval-Seconds": String(config.refresh_interval / 1_000),
    },
    client: config,
    timeoutMs: Math.min(config.refresh_interval, timeoutMaxMs),
    bodyBytesMax,
    signal,
  });
  if (!/^\s*application\/json\s*(?:;\s*charset=utf-8\s*)?$/i.test(contentType)) {
    const message = `unsupported content type ${JSON.stringify(contentType)}, expected application/json`;
    throw new OperatingError("bad_request", message);
  }
  const list = TargetList.safeParse(JSON.parse(new TextDecoder().decode(body)));
  if (!list.success) throw new OperatingError("bad_request", z.prettifyError(list.error));
  return list.data.map((entry) => groupOf(entry, { __meta_url: config.url }));
}
