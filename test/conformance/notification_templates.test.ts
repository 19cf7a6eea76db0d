import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageData } from "#aggregator/channels/message_data.ts";
import type { NotifiedAlert, Notification } from "#aggregator/channels/notification.ts";
import { NotificationTemplates } from "#aggregator/channels/templates/notification_templates.ts";

// Debian's alertmanager 0.25 has `amtool template render`; its functions are a part of ours.
const amtool = Bun.which("amtool");

/** Where Debian puts the built-in templates. */
const builtIn = "/usr/share/prometheus/alertmanager/default.tmpl";

const alert: NotifiedAlert = {
  status: "firing",
  labels: { alertname: "DiskFull", instance: "db<1>:9100", severity: "critical", zone: "eu & us" },
  annotations: { summary: "Disk of db is 'full'", url: "https://x.example/a?b=c&d=e f" },
  startsAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 120),
  endsAtMs: undefined,
  generatorUrl: "http://p.example/graph?g0.expr=up%3D%3D0&g0.tab=1",
  fingerprint: "00000000000000ab",
};
const other: NotifiedAlert = {
  ...alert,
  status: "resolved",
  labels: { alertname: "DiskFull", instance: "db2", severity: "warning" },
  annotations: {},
  endsAtMs: Date.UTC(2026, 6, 2, 4, 0),
};
const notification: Notification = {
  receiver: "team",
  status: "firing",
  alerts: [alert, other],
  groupKey: "{}:{}",
  groupLabels: { alertname: "DiskFull" },
  commonLabels: { alertname: "DiskFull", job: "node" },
  commonAnnotations: { runbook: "read <this> & that" },
  routeLabels: {},
  externalUrl: "http://am.example:9093",
  reason: "first notification",
  kept: {},
};

const texts = [
  "{{ .Receiver }} {{ .Status }} {{ .ExternalURL }}",
  "{{ .Status | toUpper }} {{ .Receiver | title }} {{ toLower `ÄB` }}",
  "{{ len .Alerts }} {{ .Alerts | len }} {{ len .Alerts.Firing }} {{ .Alerts.Resolved | len }}",
  "{{ .CommonLabels.Names }} {{ .CommonLabels.Values }}",
  "{{ .CommonLabels.SortedPairs.Names }} {{ .CommonLabels.SortedPairs.Values }}",
  "{{ (.CommonLabels.Remove (stringSlice `job` `x`)).Names }}",
  "{{ with .CommonLabels.Remove .CommonLabels.Names }}some{{ else }}none{{ end }}",
  "{{ .CommonLabels.Values | join ` - ` }}",
  "{{ join `,` .GroupLabels.Names }}",
  "{{ .CommonLabels.job }}|{{ .CommonLabels.missing }}|{{ index .CommonLabels `job` }}|{{ index .CommonLabels `no` }}",
  "{{ range .Alerts }}{{ .Labels.instance }};{{ end }}",
  "{{ range $i, $a := .Alerts }}{{ $i }}={{ $a.Labels.severity }} {{ end }}",
  "{{ range .Alerts.Firing }}{{ .Annotations.summary }}{{ end }}",
  "{{ range .CommonLabels.SortedPairs }}{{ .Name }}:{{ .Value }},{{ end }}",
  "{{ range $k, $v := .CommonLabels }}{{ $k }}>{{ $v }} {{ end }}",
  "{{ range .Alerts.Resolved }}{{ .Status }}{{ else }}nothing{{ end }}",
  "{{ (index .Alerts 0).Labels.alertname }} {{ (index .Alerts 1).Fingerprint }}",
  "{{ (index .Alerts 0).StartsAt }}",
  "{{ (index .Alerts 0).StartsAt.Unix }} {{ (index .Alerts 0).StartsAt.Year }}",
  '{{ (index .Alerts 0).StartsAt.Format "2006-01-02T15:04:05Z07:00" }}',
  '{{ (index .Alerts 0).StartsAt.Format "Mon Jan _2 15:04:05.000 MST 2006" }}',
  '{{ (index .Alerts 0).StartsAt.Format "3:04PM 02/01/06" }}',
  "{{ (index .Alerts 0).EndsAt }} {{ (index .Alerts 0).EndsAt.IsZero }}",
  "{{ (index .Alerts 1).EndsAt.Sub (index .Alerts 1).StartsAt }}",
  "{{ (index .Alerts 0).StartsAt.Weekday }} {{ (index .Alerts 0).StartsAt.Month }}",
  "{{ (index .Alerts 0).StartsAt.UTC.Hour }} {{ (index .Alerts 0).StartsAt.Minute }}",
  "{{ (index .Alerts 0).StartsAt.Before (index .Alerts 1).EndsAt }}",
  "a {{- ` b ` -}} c",
  "a\n  {{- if true -}}\n  b\n  {{- end }}\nc",
  "{{/* nothing */}}x{{- /* trimmed */ -}}  y",
  "{{ if and true (eq .Status `firing`) }}yes{{ else }}no{{ end }}",
  "{{ if or .CommonLabels.missing `x` }}a{{ end }}{{ if not .CommonLabels.missing }}b{{ end }}",
  "{{ if eq .Status `a` `firing` }}in{{ end }} {{ ne 1 2 }} {{ lt 1 2 }} {{ ge 2 2 }}",
  "{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}",
  "{{ define `t` }}<{{ . }}>{{ end }}{{ template `t` .Status }}{{ template `t` .Receiver }}",
  "{{ block `b` .Receiver }}[{{ . }}]{{ end }}",
  "{{ with .CommonAnnotations.runbook }}{{ . }}{{ end }}",
  "{{ with $r := .Receiver }}{{ $r }}{{ $.Status }}{{ end }}",
  "{{ printf `%s-%d-%v-%q` .Receiver 3 true `x` }}",
  "{{ printf `%5.2f|%-6s|%06d|%x` 3.14159 `ab` 42 255 }}",
  "{{ print 1 2 `a` `b` 3 }}",
  "{{ println .Status }}",
  "{{ len `äö` }} {{ slice `abcdef` 1 3 }}",
  "{{ html `<a href='x'>&\"` }}",
  "{{ js `it's <b>` }}",
  "{{ urlquery `a b&c=d/é` }}",
  "{{ reReplaceAll `(d)b(.*)` `$2-$1` `db42` }}",
  "{{ reReplaceAll `[0-9]+` `#` (index .Alerts 0).Labels.instance }}",
  "{{ match `^Disk` (index .Alerts 0).Labels.alertname }} {{ match `^x` `y` }}",
  "{{ safeHtml `<b>` }}",
  "{{ stringSlice `a` `b` }} {{ stringSlice `a` `b` | join `+` }}",
  "{{ title `the quick-brown foO_bar it's` }}",
  "{{ (index .Alerts 0).GeneratorURL | reReplaceAll `g0` `g1` }}",
  "{{ range $i, $p := .CommonLabels.SortedPairs }}{{ if $i }}, {{ end }}{{ $p.Name }}{{ end }}",
  "{{ range .Alerts }}{{ if eq .Status `resolved` }}{{ continue }}{{ end }}{{ .Labels.severity }}{{ end }}",
  "{{ range .Alerts }}{{ .Labels.severity }}{{ break }}{{ end }}",
  "{{ template `__subject` . }}",
  "{{ template `slack.default.title` . }}{{ template `pagerduty.default.description` . }}",
  "{{ `tab\\t` }}{{ \"tab\\t\\u00e9\" }}{{ 'a' }}",
  "{{ 0x1F }} {{ 1e3 }} {{ 1.50 }} {{ -3 }} {{ 1_000 }}",
  "{{ (len .Alerts) | printf `%03d` }}",
  "{{ .Alerts.Firing | len | eq 1 }}",
  "{{ index .Alerts 0 | printf `%T` | len | lt 0 }}",
  "{{ if gt (len .CommonLabels) (len .GroupLabels) }}more{{ end }}",
  "{{ range $n, $v := (index .Alerts 0).Annotations }}{{ $n }}={{ $v }}\n{{ end }}",
  "{{ .CommonLabels.SortedPairs.Values | join ` ` | toUpper | printf `<%s>` }}",
];

const pages = [
  "<p>{{ .CommonAnnotations.runbook }}</p>",
  "<p title=\"{{ .CommonAnnotations.runbook }}\" class='{{ .Receiver }}'>x</p>",
  '<a href="{{ (index .Alerts 0).Annotations.url }}">{{ .Status }}</a>',
  "<a href='/x?q={{ .CommonAnnotations.runbook }}&r={{ .Receiver }}'>y</a>",
  '<a href="{{ `javascript:alert(1)` }}">z</a>',
  '<img src="{{ (index .Alerts 0).GeneratorURL }}">',
  "{{ safeHtml `<b>bold</b>` }}{{ `<b>` }}",
  "<!-- gone {{ .Status }} -->kept",
  '<p style="color:{{ `red` }};width:{{ `expression(1)` }}">s</p>',
  "<title>{{ .CommonAnnotations.runbook }}</title>",
  "<script>var x = {{ .CommonAnnotations.runbook }};</script>",
];

const broken = [
  "{{ .Nothing }}",
  "{{ (index .Alerts 9).Status }}",
  "{{ .Status.x }}",
  "{{ toUpper 3 }}",
  "{{ template `missing.template` . }}",
  "{{ undefinedFunction }}",
  "{{ if }}",
  "{{ range .Alerts }}",
];

/** What amtool renders, or undefined where it fails. */
async function byAmtool(source: string, type: "text" | "html"): Promise<string | undefined> {
  const data = join(tmpdir(), `lapwing-template-${process.pid}.json`);
  await Bun.write(data, JSON.stringify(messageData(notification, 0, "4")));
  const args = ["--template.glob", builtIn, "--template.type", type, "--template.data", data];
  const run = Bun.spawn(
    [amtool ?? "amtool", "template", "render", ...args, "--template.text", source],
    { stdout: "pipe", stderr: "pipe" },
  );
  const [text, code] = await Promise.all([new Response(run.stdout).text(), run.exited]);
  return code === 0 ? text : undefined;
}

const templates = new NotificationTemplates();
const byUs = (source: string, isHtml: boolean) =>
  templates.render(source, notification, Date.UTC(2026, 0, 2), isHtml);

for (const source of texts)
  test.skipIf(amtool === null)(`amtool and Lapwing render alike: ${source}`, async () => {
    const expected = await byAmtool(source, "text");
    expect(expected).toBeDefined();
    expect(byUs(source, false)).toBe(expected ?? "");
  });

for (const source of pages)
  test.skipIf(amtool === null)(`amtool and Lapwing escape alike: ${source}`, async () => {
    const expected = await byAmtool(source, "html");
    expect(expected).toBeDefined();
    expect(byUs(source, true)).toBe(expected ?? "");
  });

for (const source of broken)
  test.skipIf(amtool === null)(`amtool and Lapwing refuse: ${source}`, async () => {
    expect(await byAmtool(source, "text")).toBeUndefined();
    expect(() => byUs(source, false)).toThrow();
  });
