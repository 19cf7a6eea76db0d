import type { Labels } from "#shared/model/labels.ts";

type Random = () => number;

/** A part of a stream: what is posted at the same moment. */
export type Step = {
  readonly alerts: readonly {
    readonly labels: Labels;
    readonly annotations: Labels;
    readonly fires: boolean;
  }[];
  /** Silences that begin, by their names in the scenario. */
  readonly silenced: readonly {
    readonly name: string;
    readonly matchers: readonly WrittenMatcher[];
  }[];
  /** Silences that are expired, by their names. */
  readonly expired: readonly string[];
};

export type WrittenMatcher = {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
};

export type RouteYaml = { readonly [key: string]: unknown; readonly routes?: readonly RouteYaml[] };

/** A small route tree and a stream of alerts, all of which carry the label `scenario`. */
export type Scenario = {
  readonly id: string;
  readonly route: RouteYaml;
  /** Names, and for each of its webhooks whether resolved alerts are sent. */
  readonly receivers: readonly {
    readonly name: string;
    readonly sendsResolved: readonly boolean[];
  }[];
  readonly inhibitRules: readonly Readonly<Record<string, unknown>>[];
  readonly steps: readonly Step[];
};

const values: Readonly<Record<string, readonly string[]>> = {
  alertname: ["A", "B", "C", 'D "quoted"\n\\x'],
  team: ["x", "y", "z", ""],
  severity: ["critical", "warning", "info"],
  job: ["j1", "j2", ""],
  instance: ["i1", "i2", "i3", ""],
};
const matchers = [
  'team="x"',
  "team=y",
  'team!="x"',
  'severity=~"warn.*|info"',
  'severity="critical"',
  'job=""',
  'job!=""',
  'alertname!~"A|B"',
  '{severity!="info",team=~"x|y"}',
  "instance =~ i.",
];
/** Intervals hold always or never: when they hold is tested elsewhere. */
const intervals = ["always", "never"];
const timeIntervals = [
  { name: "always", time_intervals: [{ years: ["2000:2100"] }] },
  { name: "never", time_intervals: [{ years: ["1990"] }] },
];

/**
 * The times fit together: steps are `stepMs` apart, each group is flushed once between two of them, and never near one. A repeat
 * falls between two flushes. So both sides see the same, though one of them runs in real time.
 */
export const stepMs = 2_000;
const waits = ["500ms", "1s", "1500ms"];

export function randomScenario(id: string, random: Random, steps: number): Scenario {
  const pick = <Value>(list: readonly Value[]): Value => {
    const found = list[Math.floor(random() * list.length)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  };
  const receivers = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, i) => ({
    name: `s${id}r${i}`,
    sendsResolved: Array.from({ length: random() < 0.2 ? 2 : 1 }, () => random() < 0.75),
  }));
  const nameOf = () => pick(receivers).name;
  return {
    id,
    receivers,
    route: {
      ...randomRoute(pick, random, nameOf, 2),
      matchers: [`scenario="${id}"`],
      receiver: nameOf(),
      group_wait: pick(waits),
      group_interval: `${stepMs}ms`,
      // Twice this is longer than a stream: newer versions forget what they said after that time.
      repeat_interval: random() < 0.5 ? "11s" : "1h",
      continue: false,
    },
    inhibitRules: random() < 0.5 ? [randomInhibition(id, pick, random)] : [],
    steps: randomSteps(id, pick, random, steps),
  };
}

type Pick = <Value>(list: readonly Value[]) => Value;

function randomRoute(pick: Pick, random: Random, nameOf: () => string, depth: number): RouteYaml {
  const children = depth === 0 ? 0 : Math.floor(random() * 4);
  let nextRoute = 0;
  return {
    ...(random() < 0.7 && {
      group_by: pick([["alertname"], ["team", "severity"], ["..."], ["job", "scenario"], []]),
    }),
    ...(random() < 0.3 && { group_wait: pick(waits) }),
    ...(random() < 0.3 && { continue: true }),
    ...(children > 0 && {
      routes: Array.from({ length: children }, () => ({
        ...randomRoute(pick, random, nameOf, depth - 1),
        ...(random() < 0.8 && { receiver: nameOf() }),
        ...(random() < 0.15 && { mute_time_intervals: [pick(intervals)] }),
        ...(random() < 0.15 && { active_time_intervals: [pick(intervals)] }),
        // Two routes with the same matchers would share a group key, and race for its log entry.
        ...(random() < 0.2
          ? { match: { team: pick(["x", "y"]) }, match_re: { severity: "warn.*|crit.*" } }
          : {}),
        matchers: [
          `route!="${nextRoute++}"`,
          ...(random() < 0.8 ? [pick(matchers)] : []),
          ...(random() < 0.3 ? [pick(matchers)] : []),
        ],
      })),
    }),
  };
}

function randomInhibition(id: string, pick: Pick, random: Random) {
  const scope = `scenario="${id}"`;
  return {
    source_matchers: [scope, pick(['severity="critical"', 'alertname="A"', 'team=~"x|y"'])],
    target_matchers: [scope, pick(['severity!="critical"', 'alertname!="A"', 'severity=~".+"'])],
    ...(random() < 0.7 && { equal: pick([["team"], ["job", "instance"], ["absent"]]) }),
  };
}

function randomSteps(id: string, pick: Pick, random: Random, count: number): Step[] {
  const firing = new Map<string, Labels>();
  const silences: string[] = [];
  return Array.from({ length: count }, (_, n): Step => {
    const alerts: Step["alerts"][number][] = [];
    const post = (labels: Labels, fires: boolean): void => {
      const key = JSON.stringify(labels);
      // Of one alert, one thing is said at a moment.
      if (alerts.some((one) => JSON.stringify(one.labels) === key)) return;
      alerts.push({ labels, annotations: { summary: pick(["s1", "s1", "s2"]) }, fires });
      if (fires) firing.set(key, labels);
      else firing.delete(key);
    };
    const isQuiet = n > count - 4;
    const added = isQuiet ? 0 : Math.ceil(random() * 3);
    for (let i = 0; i < added; i++) post(randomLabels(id, pick), true);
    for (const labels of firing.values().toArray())
      if (random() < 0.3) post(labels, !isQuiet && random() < 0.3);
    const silenced = !isQuiet && random() < 0.12 ? [randomSilence(`${id}-${n}`, id, pick)] : [];
    const expired = silences.filter(() => random() < 0.3);
    silences.splice(0, Infinity, ...silences.filter((name) => !expired.includes(name)));
    silences.push(...silenced.map(({ name }) => name));
    return { alerts, silenced, expired };
  });
}

export function randomLabels(id: string, pick: Pick): Labels {
  const labels: Record<string, string> = { scenario: id };
  for (const [name, all] of Object.entries(values)) {
    const value = pick(all);
    if (value !== "") labels[name] = value;
  }
  return labels;
}

function randomSilence(name: string, id: string, pick: Pick) {
  const scope = { name: "scenario", value: id, isRegex: false, isEqual: true };
  const own = pick<WrittenMatcher>([
    { name: "team", value: "x|y", isRegex: true, isEqual: true },
    { name: "severity", value: "critical", isRegex: false, isEqual: true },
    { name: "severity", value: "info", isRegex: false, isEqual: false },
    { name: "job", value: "j.*", isRegex: true, isEqual: false },
  ]);
  return { name, matchers: [scope, own] };
}

/** All scenarios as one file of Alertmanager's. */
export function configOf(
  scenarios: readonly Scenario[],
  urlOf: (receiver: string, index: number) => string,
) {
  return {
    route: {
      receiver: "unrouted",
      group_by: ["scenario"],
      routes: scenarios.map(({ route }) => route),
    },
    receivers: [
      { name: "unrouted" },
      ...scenarios.flatMap(({ receivers }) =>
        receivers.map(({ name, sendsResolved }) => ({
          name,
          webhook_configs: sendsResolved.map((sends, i) => ({
            url: urlOf(name, i),
            send_resolved: sends,
          })),
        })),
      ),
    ],
    inhibit_rules: scenarios.flatMap(({ inhibitRules }) => inhibitRules),
    time_intervals: timeIntervals,
  };
}
