/** The e-mail's templates: one column of at most 600 pixels that fits a phone, with styles in the elements, as mail programs need. */
export const emailTemplates = String.raw`
{{ define "email.default.subject" }}{{ template "__subject" . }}{{ end }}
{{ define "__email_alerts" }}{{ range . }}
<tr><td style="padding:16px 24px 0 24px">
<p style="margin:0 0 4px 0;font-size:16px;font-weight:bold">{{ .Labels.alertname }}</p>
<p style="margin:0 0 8px 0;font-size:13px;color:#5b6472">since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 UTC" }}</p>
{{ range .Annotations.SortedPairs }}<p style="margin:0 0 8px 0">{{ if match "^https?://" .Value }}<a href="{{ .Value }}" style="color:#0b63ce">{{ .Name }}</a>{{ else }}<b>{{ .Name }}</b>: {{ .Value }}{{ end }}</p>
{{ end }}<p style="margin:0 0 8px 0;font-size:13px;line-height:20px">{{ range (.Labels.Remove (stringSlice "alertname")).SortedPairs }}<span style="background:#eef1f5;border-radius:3px;padding:1px 5px">{{ .Name }}={{ .Value }}</span> {{ end }}</p>
{{ with .GeneratorURL }}<p style="margin:0"><a href="{{ . }}" style="color:#0b63ce">Show the query</a></p>{{ end }}
</td></tr>{{ end }}{{ end }}
{{ define "email.default.html" }}<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ template "__subject" . }}</title>
</head>
<body style="margin:0;padding:0;background:#f3f5f8;color:#1c2430;font-family:Helvetica,Arial,sans-serif;font-size:14px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:16px 8px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;background:#ffffff;border-radius:6px;text-align:left">
<tr><td style="padding:16px 24px;border-radius:6px 6px 0 0;color:#ffffff;font-size:18px;background:{{ if eq .Status "firing" }}#b3261e{{ else }}#1f7a3a{{ end }}">
{{ if eq .Status "firing" }}{{ .Alerts.Firing | len }} firing{{ else }}Resolved{{ end }}{{ range .GroupLabels.SortedPairs }} &middot; {{ .Name }}={{ .Value }}{{ end }}
</td></tr>
<tr id="details"></tr>{{ with .Alerts.Firing }}<tr><td style="padding:16px 24px 0 24px;font-size:12px;letter-spacing:1px;color:#b3261e">FIRING</td></tr>{{ template "__email_alerts" . }}{{ end }}
{{ with .Alerts.Resolved }}<tr><td style="padding:16px 24px 0 24px;font-size:12px;letter-spacing:1px;color:#1f7a3a">RESOLVED</td></tr>{{ template "__email_alerts" . }}{{ end }}
<tr><td style="padding:24px"><a href="{{ template "__alertmanagerURL" . }}" style="display:inline-block;background:#0b63ce;color:#ffffff;text-decoration:none;border-radius:4px;padding:10px 16px">Show in {{ template "__alertmanager" . }}</a></td></tr>
</table>
<p style="font-size:12px;color:#5b6472">Sent by {{ template "__alertmanager" . }} to {{ .Receiver }}: {{ .NotificationReason }}</p>
</td></tr></table>
</body>
</html>
{{ end }}
`;
