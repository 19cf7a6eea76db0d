import { httpChannel, sent } from "../http_channel.ts";
import { isGiven } from "../key_checks.ts";
import { incidentIoBody } from "./message.ts";
import { IncidentIoConfig } from "./schema.ts";

/** Alerts in incident.io. */
export const incidentio = httpChannel<IncidentIoConfig>({
  name: "incidentio",
  title: "incident.io",
  schema: IncidentIoConfig,
  send: async (config, { notification, secret, ask }) => {
    const url = await secret(config.url, config.url_file);
    const { alert_source_token: token, alert_source_token_file: file } = config;
    const isOwn = isGiven(token) || isGiven(file);
    const authorization = isOwn ? { Authorization: `Bearer ${await secret(token, file)}` } : {};
    const headers = { "Content-Type": "application/json", ...authorization };
    const body = incidentIoBody(notification, config.max_alerts);
    return sent(await ask({ url, headers, body }));
  },
});
