import { z } from "zod";
import { GlobalConfig } from "#aggregator/channels/global_config.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { type Route, type RouteNode, createRoute } from "../routing/route.ts";
import type { TimeInterval } from "../routing/time_interval.ts";
import type { AlertmanagerConfig, Receiver } from "./alertmanager_config.ts";
import { type Integration, type Issue, type KnownChannel, issuesOf } from "./integration.ts";
import { NamedIntervalSchema } from "./interval_schema.ts";
import { routeIssues } from "./route_checks.ts";
import { type InhibitRule, InhibitRuleSchema, RouteSchema, scalarText } from "./route_schema.ts";
import { shownOriginal } from "./shown_original.ts";
import { YamlPlaces } from "./yaml_places.ts";

const topKeys = [
  "global",
  "templates",
  "route",
  "receivers",
  "inhibit_rules",
  "time_intervals",
  "mute_time_intervals",
  "tracing",
  "event_recorder",
];

/**
 * Reads Alertmanager's configuration file. Throws OperatingError("bad_request") with all mistakes, one a line, each with the file's
 * name, line and column.
 */
export function readAlertmanagerConfig(
  text: string,
  file: string,
  channels: readonly KnownChannel[],
): AlertmanagerConfig {
  const yaml = new YamlPlaces(text);
  if (yaml.faults.length > 0)
    throw new OperatingError(
      "bad_request",
      yaml.faults
        .map(({ line, column, text: fault }) => `${file}:${line}:${column}: ${fault}`)
        .join("\n"),
    );
  const reading = new ConfigReading(yaml.value, channels);
  const config = reading.config();
  const mistakes = reading.issues.flatMap(({ path, message, keys }) => {
    if (keys === undefined) {
      const { line, column } = yaml.placeOf(path);
      return [{ line, column, text: `${whereOf(path)}${message}` }];
    }
    return keys.map((key) => ({
      ...yaml.placeOfKey(path, key),
      text: `${whereOf([...path, key])}unknown key`,
    }));
  });
  if (mistakes.length > 0 || config === undefined)
    throw new OperatingError(
      "bad_request",
      mistakes
        .toSorted((a, b) => a.line - b.line || a.column - b.column)
        .map(({ line, column, text: mistake }) => `${file}:${line}:${column}: ${mistake}`)
        .join("\n"),
    );
  return config;
}

/** A configuration for those who have none: alerts are shown, and go nowhere. */
export function emptyConfig(): AlertmanagerConfig {
  const value = { route: { receiver: "none" }, receivers: [{ name: "none" }] };
  const config = new ConfigReading(value, []).config();
  if (config === undefined) throw new Error("the configuration without a file is broken");
  return config;
}

function whereOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "";
  const text = path
    .map((step, i) =>
      typeof step === "number" ? `[${step}]` : `${i === 0 ? "" : "."}${String(step)}`,
    )
    .join("");
  return `${text}: `;
}

const AnyMap = z.record(z.string(), z.unknown());

/** One reading of a file: parts are read on their own, so that a mistake in one hides none in another. */
class ConfigReading {
  readonly issues: Issue[] = [];
  readonly #value: unknown;
  readonly #channels: readonly KnownChannel[];

  constructor(value: unknown, channels: readonly KnownChannel[]) {
    this.#value = value;
    this.#channels = channels;
  }

  config(): AlertmanagerConfig | undefined {
    const top = this.#map(this.#value ?? {}, []);
    this.#unknown(top, topKeys, []);
    const global = this.#part(GlobalConfig, top["global"] ?? {}, ["global"]);
    const templates = this.#part(z.array(scalarText), top["templates"] ?? [], ["templates"]);
    const receivers = this.#receivers(top["receivers"], global ?? GlobalConfig.parse({}));
    const timeIntervals = new Map<string, readonly TimeInterval[]>();
    for (const key of ["time_intervals", "mute_time_intervals"])
      this.#intervals(top[key], key, timeIntervals);
    const inhibitRules = this.#list(top["inhibit_rules"], ["inhibit_rules"]).flatMap(
      (rule, i): InhibitRule | InhibitRule[] =>
        this.#part(InhibitRuleSchema, rule, ["inhibit_rules", i]) ?? [],
    );
    const route = this.#route(top["route"], {
      receivers: new Set(receivers.map(({ name }) => name)),
      intervals: new Set(timeIntervals.keys()),
    });
    if (this.issues.length > 0 || global === undefined || route === undefined) return undefined;
    const original = shownOriginal(this.#value);
    const rest = { receivers, inhibitRules, timeIntervals, original };
    return { global, templates: templates ?? [], route, ...rest };
  }

  #route(
    value: unknown,
    names: { readonly receivers: ReadonlySet<string>; readonly intervals: ReadonlySet<string> },
  ): Route | undefined {
    if (value === undefined || value === null) {
      this.#fault(["route"], "no route is given: expected one with a receiver");
      return undefined;
    }
    const node: RouteNode | undefined = this.#part(RouteSchema, value, ["route"]);
    this.issues.push(...routeIssues(value, names));
    return node === undefined ? undefined : createRoute(node);
  }

  #receivers(value: unknown, global: GlobalConfig): Receiver[] {
    const names = new Set<string>();
    return this.#list(value, ["receivers"]).map((item, i) => {
      const path = ["receivers", i];
      const map = this.#map(item, path);
      const known = this.#channels.map(({ name }) => `${name}_configs`);
      this.#unknown(map, ["name", "labels", ...known], path);
      const name = this.#part(scalarText, map["name"] ?? "", [...path, "name"]) ?? "";
      if (name === "") this.#fault(path, "a receiver needs a name");
      else if (names.has(name))
        this.#fault([...path, "name"], `the receiver ${JSON.stringify(name)} is there twice`);
      names.add(name);
      const labels: Labels =
        this.#part(z.record(z.string(), scalarText), map["labels"] ?? {}, [...path, "labels"]) ??
        {};
      const integrations = this.#channels.flatMap((channel) =>
        this.#integrations(channel, map, path, global),
      );
      return { name, labels, integrations };
    });
  }

  #integrations(
    channel: KnownChannel,
    receiver: Readonly<Record<string, unknown>>,
    at: readonly PropertyKey[],
    global: GlobalConfig,
  ): Integration[] {
    const key = `${channel.name}_configs`;
    return this.#list(receiver[key], [...at, key]).flatMap((value, i) => {
      const { integration, issues } = channel.read(value ?? {}, global, i);
      for (const issue of issues)
        this.issues.push({ ...issue, path: [...at, key, i, ...issue.path] });
      return integration ?? [];
    });
  }

  #intervals(value: unknown, key: string, found: Map<string, readonly TimeInterval[]>): void {
    for (const [i, item] of this.#list(value, [key]).entries()) {
      const interval = this.#part(NamedIntervalSchema, item, [key, i]);
      const name = interval?.name ?? nameOf(item);
      if (name === "") continue;
      if (found.has(name))
        this.#fault([key, i, "name"], `the time interval ${JSON.stringify(name)} is there twice`);
      found.set(name, interval?.time_intervals ?? []);
    }
  }

  #part<Schema extends z.ZodType>(
    schema: Schema,
    value: unknown,
    path: readonly PropertyKey[],
  ): z.output<Schema> | undefined {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    this.issues.push(...issuesOf(parsed.error, path));
    return undefined;
  }

  #map(value: unknown, path: readonly PropertyKey[]): Readonly<Record<string, unknown>> {
    return this.#part(AnyMap, value, path) ?? {};
  }

  #list(value: unknown, path: readonly PropertyKey[]): readonly unknown[] {
    return value === undefined || value === null
      ? []
      : (this.#part(z.array(z.unknown()), value, path) ?? []);
  }

  #unknown(
    map: Readonly<Record<string, unknown>>,
    known: readonly string[],
    path: readonly PropertyKey[],
  ): void {
    const keys = Object.keys(map).filter((key) => !known.includes(key));
    if (keys.length > 0) this.issues.push({ path, message: "unknown key", keys });
  }

  #fault(path: readonly PropertyKey[], message: string): void {
    this.issues.push({ path, message });
  }
}

function nameOf(item: unknown): string {
  const named = z.object({ name: z.string() }).safeParse(item);
  return named.success ? named.data.name : "";
}
