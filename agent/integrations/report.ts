import type { Labels } from "#shared/model/labels.ts";
import type { TargetReport } from "../collect/target_report.ts";
import type { AnyIntegration, BoundInstance, IntegrationsConfig } from "./config.ts";
import type { Detector } from "./detection/detector.ts";
import type { KnownService } from "./detection/known_service.ts";
import { instanceLabel } from "./instance_label.ts";
import type { Need } from "./integration.ts";

/**
 * How a service is watched. running: it answered last. down: it did not, `lastError` says why. starting: it is yet to be asked. needs: found, but a person
 * has to add something first. invalid: found with options that its schema refuses. failed: whether it is there could not be told.
 * excluded: detection leaves this kind alone.
 */
export type InstanceState =
  | "running"
  | "down"
  | "starting"
  | "needs"
  | "invalid"
  | "failed"
  | "excluded";

/** What people are shown of a service of this host; mirrors IntegrationState of proto/v1/control.proto. No secrets in it. */
export type InstanceReport = {
  /** Key in `integrations` of the configuration. */
  readonly integration: string;
  readonly title: string;
  /** Labels; empty where the report is of a whole kind. */
  readonly instance: string;
  readonly job: string;
  readonly state: InstanceState;
  readonly origin: "configuration" | "detection";
  /** Empty when all is well. */
  readonly lastError: string;
  /** 0 where the last round did not find it. */
  readonly confidence: number;
  readonly because: readonly string[];
  readonly needs: readonly Need[];
  /** How names of its metrics begin; none where only the service knows. */
  readonly metrics: readonly string[];
  /** Globs of files, or arguments of journalctl. */
  readonly logs: readonly string[];
  /** YAML that names it in the configuration; empty where it is named. */
  readonly snippet: string;
  /** Unix milliseconds of the last round that found it, 0 without. */
  readonly foundMs: number;
};

/** All that the configuration names and detection found, by integration and instance. */
export function instanceReports(
  config: IntegrationsConfig,
  detector: Detector,
  targets: readonly TargetReport[],
  hostname: string,
): InstanceReport[] {
  const health = new Map(targets.map((target) => [placeOf(target.labels), target]));
  const named = config.named.map((bound) => {
    return boundReport(bound, detector.serviceOf(bound), health, "configuration", hostname);
  });
  const detected = detector.services().flatMap((service) => {
    if (service.isNamed) return [];
    const { bound } = service;
    return bound === undefined
      ? invalidReport(service)
      : boundReport(bound, service, health, "detection", hostname);
  });
  const kinds = [
    ...[...config.exclude].map((name) => kindReport(name, "excluded")),
    ...[...detector.problems()].map(([name, reason]) => kindReport(name, "failed", reason)),
  ];
  return [...named, ...detected, ...kinds].toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

function boundReport(
  bound: BoundInstance,
  service: KnownService | undefined,
  health: ReadonlyMap<string, TargetReport>,
  origin: InstanceReport["origin"],
  hostname: string,
): InstanceReport {
  const { integration, common } = bound;
  const instance = common.instance ?? instanceLabel(bound.instance, hostname);
  const labels = { job: common.job ?? integration.job, instance, ...common.labels };
  const target = health.get(placeOf(labels));
  const states = { up: "running", down: "down", unknown: "starting", dropped: "down" } as const;
  const waits = origin === "detection" && service?.runs === false;
  return {
    ...kindReport(integration.name, waits ? "needs" : states[target?.health ?? "unknown"]),
    ...foundParts(service),
    title: integration.title,
    instance,
    job: labels.job,
    origin,
    lastError: target?.lastError ?? "",
    metrics: metricsOf(integration),
    logs: logPlaces(bound),
    snippet: origin === "configuration" ? "" : (service?.snippet ?? ""),
  };
}

function invalidReport(service: KnownService): InstanceReport {
  const { integration, instance, problem } = service;
  return {
    ...kindReport(integration.name, "invalid"),
    ...foundParts(service),
    title: integration.title,
    instance,
    job: integration.job,
    lastError: problem,
  };
}

function foundParts(service: KnownService | undefined) {
  const finding = service?.finding;
  return {
    confidence: finding?.confidence ?? 0,
    because: finding?.because ?? [],
    needs: finding?.needs ?? [],
    foundMs: service?.foundMs ?? 0,
  };
}

/** Of no instance in particular. */
function kindReport(name: string, state: InstanceState, lastError = ""): InstanceReport {
  return {
    integration: name,
    title: name,
    instance: "",
    job: "",
    state,
    origin: state === "excluded" ? "configuration" : "detection",
    lastError,
    confidence: 0,
    because: [],
    needs: [],
    metrics: [],
    logs: [],
    snippet: "",
    foundMs: 0,
  };
}

/** How names of its metrics begin. */
export function metricsOf({ metrics, up }: AnyIntegration): readonly string[] {
  return metrics ?? (up === undefined ? [] : [up.name.replace(/up$/, "")]);
}

function logPlaces({ integration, common, options }: BoundInstance): string[] {
  const entries = common.logs ? (integration.logs?.(options) ?? []) : [];
  return entries.flatMap(({ paths, arguments: journal }) => [
    ...stringsOf(paths),
    ...stringsOf(journal).map((argument) => `journalctl ${argument}`),
  ]);
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** Labels by which a target is that of an instance. */
function placeOf(labels: Labels): string {
  return `${labels["job"]} ${labels["instance"]}`;
}

function orderOf({ integration, instance }: InstanceReport): string {
  return `${integration} ${instance}`;
}
