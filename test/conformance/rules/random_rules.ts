import * as fc from "fast-check";

/** Values of a series, as promtool's unit tests write them. */
export const sampleValues = fc.constantFrom("0", "1", "2", "3.5", "_", "stale");

const texts = fc.constantFrom(
  "static",
  "{{ $labels.host }} at {{ $value }}",
  "{{ $value | humanize }} {{ $value | humanizePercentage }} {{ humanizeDuration $value }}",
  '{{ if eq $labels.host "a" }}it is a{{ else }}it is {{ $labels.host | toUpper }}{{ end }}',
  '{{ range query "x" | sortByLabel "host" }}{{ .Labels.host }}={{ .Value }};{{ end }}',
  '{{ with query "sum(x)" }}{{ . | first | value | printf "%.2f" }}{{ end }}',
  '{{ reReplaceAll "([a-c])" "<$1>" $labels.host }} {{ $externalLabels.region }} {{ $externalURL }}',
  "{{ $labels.missing }}|{{ .Labels.alertname }}|{{ humanize1024 4096.5 }}|{{ 1.5e9 | humanizeTimestamp }}",
  '{{ define "t" }}<{{ .host }}>{{ end }}{{ template "t" $labels }}{{ block "u" . }}{{ .Value }}{{ end }}',
  '{{ printf "%s-%d-%.3g" $labels.host 3 1234.5 }} {{ title "some words" }} {{ match "a+" $labels.host }}',
  '{{ printf "%.1f %.0f %5.2f|%+.3e %g %G" 0.25 2.5 3.14159 1234.5 1e21 1e-7 }} {{ printf "%.4g %.3g %.2g" 1234.5 0.00012345 99.95 }}',
  "{{ humanize 1234.5 }} {{ humanize 0.0012345 }} {{ humanizeDuration 0.00123 }} {{ humanizeDuration 93784.5 }} {{ humanize1024 1.5e12 }}",
  "{{ stripPort `h:80` }} {{ stripDomain `h.example.org:80` }} {{ parseDuration `1h30m` }} {{ toTime 3600.5 }}",
);
/** Of a label that expands to nothing, Prometheus writes the template itself into ALERTS. */
const labelTexts = texts.filter((text) => !text.includes("query"));

/** `prefix`: of all names that the rules make, so that groups do not read each other's. `times`: of `for` and `keep_firing_for`. */
export type RuleTraits = {
  readonly prefix: string;
  readonly times: readonly string[];
  readonly range: string;
};

/** Rules over a metric `x` with a label `host`, and over what they make themselves; two to five of them. */
export function randomRules({ prefix, times, range }: RuleTraits) {
  const time = fc.constantFrom(...times);
  const condition = fc.constantFrom(
    "x > 1",
    "x >= 1 and x < 3",
    "max by (host) (x) > 2",
    "sum(x) > 3",
    // No rate: versions before 3 extrapolate otherwise.
    `changes(x[${range}]) > 1`,
    `max_over_time(x[${range}]) > 2`,
    "absent(x)",
    `${prefix}r:sum > 2`,
    `ALERTS{alertname="${prefix}First", alertstate="firing"}`,
    "vector(1)",
    "x unless x > 2",
    "scalar(sum(x)) > bool 1",
  );
  const alerting = fc.record({
    alert: fc.constantFrom(`${prefix}First`, `${prefix}Second`, `${prefix}Third`),
    expr: condition,
    for: time,
    keep_firing_for: time,
    labels: fc.dictionary(fc.constantFrom("severity", "team", "host"), labelTexts, { maxKeys: 2 }),
    annotations: fc.dictionary(fc.constantFrom("summary", "description"), texts, { maxKeys: 2 }),
  });
  const recording = fc.record({
    record: fc.constantFrom(`${prefix}r:sum`, `${prefix}r:max`),
    expr: fc.constantFrom(
      "sum(x)",
      "sum by (host) (x)",
      "max(x) > 1",
      `count(ALERTS{alertname=~"${prefix}.*"})`,
    ),
    labels: fc.dictionary(fc.constantFrom("team"), fc.constantFrom("one", "two"), { maxKeys: 1 }),
  });
  return fc.uniqueArray(fc.oneof(recording, alerting), {
    minLength: 2,
    maxLength: 5,
    // Two rules of one name may make the same series.
    selector: (rule) => ("record" in rule ? rule.record : rule.alert),
  });
}
