import { z } from "zod";
import { duration, formatDuration } from "#shared/text/duration.ts";
import { parsedOnce } from "#shared/schema.ts";
import { ScrapeConfigs } from "../collect/scrape/config.ts";
import type { BoundSource } from "../collect/sources/binder.ts";
import { SourceEntry } from "../collect/sources/config.ts";
import { type InstanceCommon, instanceShape } from "./instance.ts";
import { instanceLabel } from "./instance_label.ts";
import type { Integration } from "./integration.ts";
import { integrations } from "./registry.ts";

/** One entry with its options checked and bound to its integration. */
export type BoundInstance = {
  readonly integration: AnyIntegration;
  readonly common: InstanceCommon;
  /** Of the integration's own schema. */
  readonly options: unknown;
  /** What tells it from the others of its kind on this host; label `instance` is made of it (instance_label.ts). */
  readonly instance: string;
  /** Canonical text: two that are equal need no restart. Holds secrets. */
  readonly fingerprint: string;
  /** Set where the service is scraped. */
  readonly scrape: z.output<typeof ScrapeConfigs> | undefined;
  /** What reads the logs of the service, with the labels that its metrics have on the host of this name. */
  readonly logs: (hostname: string) => BoundSource[];
  /** What people see of it where the configuration in effect is shown. */
  shown(): unknown;
};

/** Its options are of its own schema, which only it knows. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyIntegration = Integration<string, z.ZodType<any, any>>;

const Common = z.lazy(() => z.object(instanceShape()));

/** An entry of an integration, as the configuration or detection gives it. */
function entryOf(integration: AnyIntegration): z.ZodType<BoundInstance> {
  return z.record(z.string(), z.unknown()).transform((entry, context): BoundInstance => {
    const keys = Object.keys(entry);
    const commonKeys = new Set(Object.keys(Common.unwrap().shape));
    const pick = (isCommon: boolean) =>
      Object.fromEntries(
        keys.filter((key) => commonKeys.has(key) === isCommon).map((key) => [key, entry[key]]),
      );
    const common = Common.safeParse(pick(true), parsedOnce);
    const options = integration.config.safeParse(pick(false), parsedOnce);
    for (const { error } of [common, options])
      for (const issue of error?.issues ?? [])
        if (issue.code === "unrecognized_keys")
          for (const key of issue.keys)
            context.addIssue({
              code: "custom",
              path: [...issue.path, key],
              message: "no such key",
            });
        else
          context.addIssue({
            code: "custom",
            path: issue.path,
            message: issue.message,
            input: issue.input,
          });
    if (!common.success || !options.success) return z.NEVER;
    return bound(integration, common.data, options.data, JSON.stringify(entry));
  });
}

/** An instance that was found, as if a person had written its options. Undefined where they are not of the integration's schema; `problem` then says why. */
export function bindFound(
  integration: AnyIntegration,
  options: Readonly<Record<string, unknown>>,
  intervalMs: number,
): { readonly bound: BoundInstance } | { readonly problem: string } {
  const { data, error } = entryOf(integration).safeParse(
    { interval: formatDuration(intervalMs), ...options },
    parsedOnce,
  );
  if (data !== undefined) return { bound: data };
  const issues = error?.issues ?? [];
  return {
    problem: issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "),
  };
}

function bound(
  integration: AnyIntegration,
  common: InstanceCommon,
  options: unknown,
  fingerprint: string,
): BoundInstance {
  const instance = common.instance ?? integration.instanceOf(options);
  const job = integration.scrape?.(options);
  const scrape =
    job === undefined
      ? undefined
      : ScrapeConfigs.parse(
          [
            {
              scrape_interval: `${common.interval}ms`,
              ...(common.timeout === undefined ? {} : { scrape_timeout: `${common.timeout}ms` }),
              ...job,
              job_name: common.job ?? integration.job,
              static_configs: job.static_configs.map((each) => ({
                ...each,
                labels: { ...(common.instance !== undefined && { instance }), ...common.labels },
              })),
            },
          ],
          parsedOnce,
        );
  const logs = (hostname: string) => {
    const entries = common.logs ? (integration.logs?.(options) ?? []) : [];
    const own = {
      ...common.labels,
      instance: common.instance ?? instanceLabel(instance, hostname),
    };
    return entries.map((entry) =>
      SourceEntry.parse({ ...entry, labels: { ...entry.labels, ...own } }, parsedOnce),
    );
  };
  const shown = () => ({ [integration.name]: { ...common, instance, options } });
  return { integration, common, options, instance, fingerprint, scrape, logs, shown };
}

const names = Object.keys(integrations);
const entries = () =>
  Object.fromEntries(
    Object.entries(integrations).map(([name, integration]) => [
      name,
      z.array(entryOf(integration)).default([]),
    ]),
  );

/** Services of this host that are watched. Lists hold what is written down; what is found besides needs no line. */
export const IntegrationsConfig = z.lazy(() =>
  z
    .strictObject({
      /** Whether services are looked for, and those that need no secret are watched without being named here. */
      detect: z.boolean().default(true),
      detect_interval: duration.refine((ms) => ms >= 1_000, "must be 1s or more").prefault("1m"),
      /** How often what detection found is asked. */
      interval: duration.refine((ms) => ms >= 1_000, "must be 1s or more").prefault("15s"),
      /** Integrations that detection leaves alone. */
      exclude: z.array(z.enum(names)).default([]),
      ...entries(),
    })
    .transform(({ detect, detect_interval, interval, exclude, ...lists }) => ({
      detect,
      detectIntervalMs: detect_interval,
      intervalMs: interval,
      exclude: new Set(exclude),
      named: Object.values(lists as Readonly<Record<string, readonly BoundInstance[]>>).flat(),
    })),
);
export type IntegrationsConfig = z.output<typeof IntegrationsConfig>;
