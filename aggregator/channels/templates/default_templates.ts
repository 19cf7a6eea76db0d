/** Templates under Alertmanager's names, so that files that override or call them work. The words are our own. */
export const defaultTemplates = String.raw`
{{ define "__alertmanager" }}Lapwing{{ end }}
{{ define "__alertmanagerURL" }}{{ .ExternalURL }}/alerts?receiver={{ .Receiver | urlquery }}{{ end }}
{{ define "__subject" }}[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] {{ .GroupLabels.SortedPairs.Values | join " " }} {{ if gt (len .CommonLabels) (len .GroupLabels) }}({{ with .CommonLabels.Remove .GroupLabels.Names }}{{ .Values | join " " }}{{ end }}){{ end }}{{ end }}
{{ define "__description" }}{{ end }}

{{ define "__text_alert_list" }}{{ range . -}}
{{ .Labels.alertname }}, since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 UTC" }}
{{ range .Annotations.SortedPairs }}  {{ .Name }}: {{ .Value }}
{{ end }}{{ range (.Labels.Remove (stringSlice "alertname")).SortedPairs }}  {{ .Name }} = {{ .Value }}
{{ end }}{{ with .GeneratorURL }}  Query: {{ . }}
{{ end }}{{ end }}{{ end }}

{{ define "__text_alert_list_markdown" }}{{ range . }}
**{{ .Labels.alertname }}**, since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 UTC" }}

{{ range .Annotations.SortedPairs }}- {{ .Name }}: {{ .Value }}
{{ end }}{{ range (.Labels.Remove (stringSlice "alertname")).SortedPairs }}- {{ .Name }} = {{ .Value }}
{{ end }}{{ with .GeneratorURL }}
[Query]({{ . }})
{{ end }}{{ end }}{{ end }}

{{ define "__text" }}{{ with .Alerts.Firing }}Firing:
{{ template "__text_alert_list" . }}{{ end }}{{ with .Alerts.Resolved }}Resolved:
{{ template "__text_alert_list" . }}{{ end }}{{ end }}
{{ define "__text_markdown" }}{{ with .Alerts.Firing }}# Firing
{{ template "__text_alert_list_markdown" . }}{{ end }}{{ with .Alerts.Resolved }}# Resolved
{{ template "__text_alert_list_markdown" . }}{{ end }}{{ end }}
{{ define "__color" }}{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}{{ end }}

{{ define "slack.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "slack.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "slack.default.fallback" }}{{ template "slack.default.title" . }} | {{ template "slack.default.titlelink" . }}{{ end }}
{{ define "slack.default.callbackid" }}{{ end }}
{{ define "slack.default.pretext" }}{{ end }}
{{ define "slack.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "slack.default.iconemoji" }}{{ end }}
{{ define "slack.default.iconurl" }}{{ end }}
{{ define "slack.default.text" }}{{ end }}
{{ define "slack.default.footer" }}{{ end }}
{{ define "slack.default.color" }}{{ template "__color" . }}{{ end }}

{{ define "pagerduty.default.description" }}{{ template "__subject" . }}{{ end }}
{{ define "pagerduty.default.client" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "pagerduty.default.clientURL" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end }}

{{ define "opsgenie.default.message" }}{{ template "__subject" . }}{{ end }}
{{ define "opsgenie.default.description" }}{{ template "__text" . }}{{ end }}
{{ define "opsgenie.default.source" }}{{ template "__alertmanagerURL" . }}{{ end }}

{{ define "wechat.default.message" }}{{ template "__subject" . }}
{{ template "__text" . }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "wechat.default.to_user" }}{{ end }}
{{ define "wechat.default.to_party" }}{{ end }}
{{ define "wechat.default.to_tag" }}{{ end }}
{{ define "wechat.default.agent_id" }}{{ end }}

{{ define "victorops.default.state_message" }}{{ template "__text" . }}{{ end }}
{{ define "victorops.default.entity_display_name" }}{{ template "__subject" . }}{{ end }}
{{ define "victorops.default.monitoring_tool" }}{{ template "__alertmanager" . }}{{ end }}

{{ define "pushover.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "pushover.default.message" }}{{ template "__text" . }}{{ end }}
{{ define "pushover.default.url" }}{{ template "__alertmanagerURL" . }}{{ end }}

{{ define "sns.default.subject" }}{{ template "__subject" . }}{{ end }}
{{ define "sns.default.message" }}{{ template "__text" . }}{{ end }}

{{ define "telegram.default.message" }}{{ template "__text" . }}{{ end }}

{{ define "discord.default.content" }}{{ end }}
{{ define "discord.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "discord.default.message" }}{{ template "__text" . }}{{ end }}

{{ define "webex.default.message" }}{{ template "__text_markdown" . }}{{ end }}

{{ define "msteams.default.summary" }}{{ template "__subject" . }}{{ end }}
{{ define "msteams.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "msteams.default.text" }}{{ template "__text_markdown" . }}{{ end }}
{{ define "msteamsv2.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "msteamsv2.default.text" }}{{ template "__text_markdown" . }}{{ end }}

{{ define "jira.default.summary" }}{{ template "__subject" . }}{{ end }}
{{ define "jira.default.description" }}{{ template "__text" . }}{{ end }}
{{ define "__priority" }}
{{- $found := dict -}}
{{- range . }}{{ with index .Labels "severity" }}{{ $found = dict "any" (or $found.any (eq . "critical")) "warning" (or $found.warning (eq . "warning")) "info" (or $found.info (eq . "info")) }}{{ end }}{{ end -}}
{{- if $found.any }}High{{ else if $found.warning }}Medium{{ else if $found.info }}Low{{ end -}}
{{ end }}
{{ define "jira.default.priority" }}{{ if .Alerts.Firing }}{{ template "__priority" .Alerts.Firing }}{{ else }}{{ template "__priority" .Alerts.Resolved }}{{ end }}{{ end }}

{{ define "rocketchat.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "rocketchat.default.alias" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "rocketchat.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "rocketchat.default.emoji" }}{{ end }}
{{ define "rocketchat.default.iconurl" }}{{ end }}
{{ define "rocketchat.default.text" }}{{ end }}

{{ define "mattermost.default.color" }}{{ template "__color" . }}{{ end }}
{{ define "mattermost.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "mattermost.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "mattermost.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "mattermost.default.fallback" }}{{ template "mattermost.default.title" . }} | {{ template "mattermost.default.titlelink" . }}{{ end }}
{{ define "mattermost.default.text" }}{{ template "__text_markdown" . }}{{ end }}

{{ define "lapwing.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "lapwing.default.text" }}{{ template "__text" . }}{{ end }}
{{ define "lapwing.default.markdown" }}{{ template "__text_markdown" . }}{{ end }}
{{ define "lapwing.default.url" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "lapwing.default.short" }}{{ template "__subject" . }} {{ .CommonAnnotations.summary }}{{ end }}
`;
