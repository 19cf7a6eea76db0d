import type { Texts } from "../channel.ts";
import type { MessageDetails } from "../details.ts";
import { groupHash } from "../group_hash.ts";
import type { Notification } from "../notification.ts";
import { inRunes } from "../truncated.ts";
import type { VictorOpsConfig } from "./schema.ts";

const stateRunesMax = 20_480;
const annotationLengthMax = 1_124;
const types = new Set(["CRITICAL", "WARNING", "INFO"]);

/** The body of an alert (help.victorops.com, REST endpoint). */
export function victorOpsMessage(
  config: VictorOpsConfig,
  notification: Notification,
  { text }: Texts,
  details?: MessageDetails,
): Readonly<Record<string, string>> {
  const type = text(config.message_type);
  const firing = types.has(type) ? type : "CRITICAL";
  const custom = Object.entries(config.custom_fields).map(([name, value]) => [name, text(value)]);
  return {
    message_type: notification.status === "resolved" ? "RECOVERY" : firing,
    entity_id: groupHash(notification),
    entity_display_name: text(config.entity_display_name),
    state_message: inRunes(text(config.state_message), stateRunesMax),
    monitoring_tool: text(config.monitoring_tool),
    ...(details === undefined ? {} : annotationsOf(details)),
    ...Object.fromEntries(custom),
  };
}

/** Annotations of an incident: `i` are addresses of pictures, `s` notes, `u` links. An address that is cut leads nowhere. */
function annotationsOf({ chart, facts, links }: MessageDetails): Readonly<Record<string, string>> {
  const image = chart?.link();
  const addresses = [
    ...(image === undefined ? [] : [["vo_annotate.i.Chart", image] as const]),
    ...links.map(({ title, url }) => [`vo_annotate.u.${title}`, url] as const),
  ].filter(([, url]) => url.length <= annotationLengthMax);
  const notes = facts.map(
    ({ name, value }) => [`vo_annotate.s.${name}`, inRunes(value, annotationLengthMax)] as const,
  );
  return Object.fromEntries([...addresses, ...notes]);
}
