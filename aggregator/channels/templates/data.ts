import {
  TemplateTime,
  type Value,
  ExecutionError,
  isList,
  typed,
} from "#shared/template/values.ts";
import { textOf } from "#shared/template/text.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { NotifiedAlert, Notification } from "../notification.ts";

type Fields = { readonly [name: string]: Value };

/** Names of a struct's fields in JSON, in the order in which Go writes them. */
const jsonNames = new WeakMap<object, readonly (readonly [field: string, json: string])[]>();

/** What toJson calls the fields of a struct; undefined for a map. */
export function jsonNamesOf(value: object) {
  return jsonNames.get(value);
}

function struct(fields: Fields, names: Readonly<Record<string, string>>): Fields {
  jsonNames.set(fields, Object.entries(names));
  return typed(fields, { methods: {}, isStruct: true });
}

const zeroTime = new TemplateTime(-62_135_596_800_000_000_000n);

function timeOf(ms: number): TemplateTime {
  return new TemplateTime(BigInt(Math.round(ms * 1_000)) * 1_000n);
}

function stringsOf(values: readonly string[]): Value {
  return typed([...values], {
    methods: { Join: (separator) => values.join(textOf(separator)) },
  });
}

const byText = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** By name; the alert's name comes first. */
function sorted(labels: Labels): (readonly [string, string])[] {
  const names = Object.keys(labels)
    .filter((name) => name !== "alertname")
    .toSorted(byText);
  if (Object.hasOwn(labels, "alertname")) names.unshift("alertname");
  return names.map((name) => [name, labels[name] ?? ""]);
}

function pairsOf(labels: Labels): Value {
  const pairs = sorted(labels);
  const list = pairs.map(([name, value]) =>
    struct({ Name: name, Value: value }, { Name: "Name", Value: "Value" }),
  );
  return typed(list, {
    methods: {
      Names: () => stringsOf(pairs.map(([name]) => name)),
      Values: () => stringsOf(pairs.map(([, value]) => value)),
      String: () => pairs.map(([name, value]) => `${name}=${value}`).join(", "),
    },
  });
}

/** Labels or annotations: Alertmanager's KV, where a missing name is the empty text. */
function kvOf(labels: Labels): Value {
  const pairs = sorted(labels);
  return typed(
    { ...labels },
    {
      missing: "",
      methods: {
        SortedPairs: () => pairsOf(labels),
        Names: () => stringsOf(pairs.map(([name]) => name)),
        Values: () => stringsOf(pairs.map(([, value]) => value)),
        Remove: (names) => kvOf(without(labels, names)),
        String: () => pairs.map(([name, value]) => `${name}=${value}`).join(", "),
      },
    },
  );
}

function without(labels: Labels, names: Value): Labels {
  if (names !== undefined && !isList(names))
    throw new ExecutionError("wrong type for value; expected []string");
  const removed = new Set((names ?? []).map(textOf));
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !removed.has(name)));
}

function alertOf(alert: NotifiedAlert): Value {
  return struct(
    {
      Status: alert.status,
      Labels: kvOf(alert.labels),
      Annotations: kvOf(alert.annotations),
      StartsAt: timeOf(alert.startsAtMs),
      EndsAt: alert.endsAtMs === undefined ? zeroTime : timeOf(alert.endsAtMs),
      GeneratorURL: alert.generatorUrl,
      Fingerprint: alert.fingerprint,
    },
    {
      Status: "status",
      Labels: "labels",
      Annotations: "annotations",
      StartsAt: "startsAt",
      EndsAt: "endsAt",
      GeneratorURL: "generatorURL",
      Fingerprint: "fingerprint",
    },
  );
}

/** What templates of notifications see: Alertmanager's Data. */
export function dataOf(notification: Notification): Value {
  const { alerts } = notification;
  const values = alerts.map(alertOf);
  const withStatus = (status: string) => values.filter((_, i) => alerts[i]?.status === status);
  return struct(
    {
      Receiver: quotedReceiver(notification.receiver),
      Status: notification.status,
      Alerts: typed(values, {
        methods: { Firing: () => withStatus("firing"), Resolved: () => withStatus("resolved") },
      }),
      NotificationReason: notification.reason,
      GroupLabels: kvOf(notification.groupLabels),
      CommonLabels: kvOf(notification.commonLabels),
      CommonAnnotations: kvOf(notification.commonAnnotations),
      RouteLabels: kvOf(notification.routeLabels),
      ExternalURL: notification.externalUrl,
    },
    {
      Receiver: "receiver",
      Status: "status",
      Alerts: "alerts",
      NotificationReason: "notification_reason",
      GroupLabels: "groupLabels",
      CommonLabels: "commonLabels",
      CommonAnnotations: "commonAnnotations",
      RouteLabels: "routeLabels",
      ExternalURL: "externalURL",
    },
  );
}

/** Alertmanager escapes the receiver's name for regular expressions in all that it sends. */
export function quotedReceiver(name: string): string {
  return name.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}
