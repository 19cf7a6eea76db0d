import { z } from "zod";
import { GlobalConfig } from "#aggregator/channels/global_config.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { type Route, type RouteNode, createRoute } from "../routing/route.ts";
import type { TimeInterval } from "../routing/time_interval.ts";
import type { AlertmanagerConfig, Receiver } from "./alertmanager_config.ts";
import { type Integration, type Issue, type KnownChannel, issuesOf } from "./integration.ts";
import { NamedIntervalSchema } from "./interval_schema.ts";
import { readLargeYaml } from "./large_yaml.ts";
import { type Part, type YamlFile, readYaml } from "./read_yaml.ts";
import { type RouteNames, childrenOf, routeIssues } from "./route_checks.ts";
import {
  type InhibitRule,
  InhibitRuleSchema,
  RouteSchema,
  noRoute,
  scalarText,
} from "./route_schema.ts";
import type { Path, Place } from "./yaml_places.ts";

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

/** A file of so many characters is read in some 40 ms; a larger one takes turns with other work. */
const smallCharactersMax = 8 * 1_024;

/**
 * Reads Alertmanager's configuration file, in turns of the event loop. Throws OperatingError("bad_request") with all mistakes, one a line,
 * each with the file's name, line and column.
 */
export async function readAlertmanagerConfig(
  text: string,
  file: string,
  channels: readonly KnownChannel[],
): Promise<AlertmanagerConfig> {
  if (text.length <= smallCharactersMax) return readSmallConfig(text, file, channels);
  const yaml = await readLargeYaml(text);
  const reading = readingOf(yaml, file, channels);
  const read = reading.config();
  for (;;) {
    const { done, value: config } = read.next();
    if (done === true) {
      if (config !== undefined) return config;
      const mistakes = mistakesOf(reading.issues);
      throw refusal(file, mistakes, (await readLargeYaml(text, mistakes)).places);
    }
    if (isTurnOver()) await nextTurn();
  }
}

/** The same at once, for a file that is small. */
export function readSmallConfig(
  text: string,
  file: string,
  channels: readonly KnownChannel[],
): AlertmanagerConfig {
  const reading = readingOf(readYaml(text), file, channels);
  const config = atOnce(reading.config());
  if (config !== undefined) return config;
  const mistakes = mistakesOf(reading.issues);
  throw refusal(file, mistakes, readYaml(text, mistakes).places);
}

function readingOf(
  { value, original, faults }: YamlFile,
  file: string,
  channels: readonly KnownChannel[],
): ConfigReading {
  if (faults.length > 0) throw refusal(file, faults, faults);
  return new ConfigReading(value, original, channels);
}

function atOnce<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

type Mistake = Part & { readonly text: string };

function mistakesOf(issues: readonly Issue[]): Mistake[] {
  return issues.flatMap(({ path, message, keys }): Mistake[] =>
    keys === undefined
      ? [{ path, text: `${whereOf(path)}${message}` }]
      : keys.map((key) => ({ path, key, text: `${whereOf([...path, key])}unknown key` })),
  );
}

/** All mistakes, in the order of the file. */
function refusal(
  file: string,
  mistakes: readonly { readonly text: string }[],
  places: readonly Place[],
): OperatingError {
  const lines = mistakes.map(({ text }, i) => {
    const { line, column } = places[i] ?? { line: 1, column: 1 };
    return { line, column, text };
  });
  return new OperatingError(
    "bad_request",
    lines
      .toSorted((a, b) => a.line - b.line || a.column - b.column)
      .map(({ line, column, text }) => `${file}:${line}:${column}: ${text}`)
      .join("\n"),
  );
}

/** A configuration for those who have none: alerts are shown, and go nowhere. */
export function emptyConfig(): AlertmanagerConfig {
  const value = { route: { receiver: "none" }, receivers: [{ name: "none" }] };
  const config = atOnce(new ConfigReading(value, "", []).config());
  if (config === undefined) throw new Error("the configuration without a file is broken");
  return config;
}

function whereOf(path: Path): string {
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
  readonly #original: string;
  readonly #channels: readonly KnownChannel[];

  constructor(value: unknown, original: string, channels: readonly KnownChannel[]) {
    this.#value = value;
    this.#original = original;
    this.#channels = channels;
  }

  /** undefined where there are issues. It yields where it can pause. */
  *config(): Generator<void, AlertmanagerConfig | undefined> {
    const top = this.#map(this.#value ?? {}, []);
    this.#unknown(top, topKeys, []);
    const global = this.#part(GlobalConfig, top["global"] ?? {}, ["global"]);
    const templates = this.#part(z.array(scalarText), top["templates"] ?? [], ["templates"]);
    const receivers = yield* this.#receivers(top["receivers"], global ?? GlobalConfig.parse({}));
    const timeIntervals = new Map<string, readonly TimeInterval[]>();
    for (const key of ["time_intervals", "mute_time_intervals"])
      yield* this.#intervals(top[key], key, timeIntervals);
    const inhibitRules: InhibitRule[] = [];
    for (const [i, value] of this.#list(top["inhibit_rules"], ["inhibit_rules"]).entries()) {
      const rule = this.#part(InhibitRuleSchema, value, ["inhibit_rules", i]);
      if (rule !== undefined) inhibitRules.push(rule);
      yield;
    }
    const route = yield* this.#route(top["route"], {
      receivers: new Set(receivers.map(({ name }) => name)),
      intervals: new Set(timeIntervals.keys()),
    });
    if (this.issues.length > 0 || global === undefined || route === undefined) return undefined;
    const rest = { receivers, inhibitRules, timeIntervals, original: this.#original };
    return { global, templates: templates ?? [], route, ...rest };
  }

  *#route(value: unknown, names: RouteNames): Generator<void, Route | undefined> {
    if (value === undefined || value === null) {
      this.#fault(["route"], "no route is given: expected one with a receiver");
      return undefined;
    }
    const node = yield* this.#routeNode(value, names, ["route"]);
    return createRoute(node);
  }

  /** One route after the other: a tree can have thousands. */
  *#routeNode(value: unknown, names: RouteNames, path: Path): Generator<void, RouteNode> {
    const own = this.#part(RouteSchema, value, path) ?? noRoute;
    this.issues.push(...routeIssues(value, names, path));
    yield;
    const routes: RouteNode[] = [];
    for (const [i, child] of childrenOf(value).entries())
      routes.push(yield* this.#routeNode(child, names, [...path, "routes", i]));
    return { ...own, routes };
  }

  *#receivers(value: unknown, global: GlobalConfig): Generator<void, Receiver[]> {
    const names = new Set<string>();
    const receivers: Receiver[] = [];
    for (const [i, item] of this.#list(value, ["receivers"]).entries()) {
      receivers.push(this.#receiver(item, ["receivers", i], names, global));
      yield;
    }
    return receivers;
  }

  #receiver(item: unknown, path: Path, names: Set<string>, global: GlobalConfig): Receiver {
    const map = this.#map(item, path);
    const known = this.#channels.map(({ name }) => `${name}_configs`);
    this.#unknown(map, ["name", "labels", ...known], path);
    const name = this.#part(scalarText, map["name"] ?? "", [...path, "name"]) ?? "";
    if (name === "") this.#fault(path, "a receiver needs a name");
    else if (names.has(name))
      this.#fault([...path, "name"], `the receiver ${JSON.stringify(name)} is there twice`);
    names.add(name);
    const labels: Labels =
      this.#part(z.record(z.string(), scalarText), map["labels"] ?? {}, [...path, "labels"]) ?? {};
    const integrations = this.#channels.flatMap((channel) =>
      this.#integrations(channel, map, path, global),
    );
    return { name, labels, integrations };
  }

  #integrations(
    channel: KnownChannel,
    receiver: Readonly<Record<string, unknown>>,
    at: Path,
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

  *#intervals(
    value: unknown,
    key: string,
    found: Map<string, readonly TimeInterval[]>,
  ): Generator<void> {
    for (const [i, item] of this.#list(value, [key]).entries()) {
      const interval = this.#part(NamedIntervalSchema, item, [key, i]);
      const name = interval?.name ?? nameOf(item);
      yield;
      if (name === "") continue;
      if (found.has(name))
        this.#fault([key, i, "name"], `the time interval ${JSON.stringify(name)} is there twice`);
      found.set(name, interval?.time_intervals ?? []);
    }
  }

  #part<Schema extends z.ZodType>(
    schema: Schema,
    value: unknown,
    path: Path,
  ): z.output<Schema> | undefined {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    this.issues.push(...issuesOf(parsed.error, path));
    return undefined;
  }

  #map(value: unknown, path: Path): Readonly<Record<string, unknown>> {
    return this.#part(AnyMap, value, path) ?? {};
  }

  #list(value: unknown, path: Path): readonly unknown[] {
    return value === undefined || value === null
      ? []
      : (this.#part(z.array(z.unknown()), value, path) ?? []);
  }

  #unknown(map: Readonly<Record<string, unknown>>, known: readonly string[], path: Path): void {
    const keys = Object.keys(map).filter((key) => !known.includes(key));
    if (keys.length > 0) this.issues.push({ path, message: "unknown key", keys });
  }

  #fault(path: Path, message: string): void {
    this.issues.push({ path, message });
  }
}

function nameOf(item: unknown): string {
  const named = z.object({ name: z.string() }).safeParse(item);
  return named.success ? named.data.name : "";
}
