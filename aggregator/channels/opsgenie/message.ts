import type { Texts } from "../channel.ts";
import { type ChartPicture, type MessageDetails, addChart } from "../details.ts";
import { groupHash } from "../group_hash.ts";
import type { Outgoing } from "../http/exchange.ts";
import type { Notification } from "../notification.ts";
import { inRunes } from "../truncated.ts";
import { withoutEmpty } from "../without_empty.ts";
import type { OpsgenieConfig } from "./schema.ts";

const messageRunesMax = 130;
/** Documented limits of the other fields, in characters. */
const [descriptionRunesMax, noteRunesMax] = [15_000, 25_000];

/** The requests of a notification, in order (docs.opsgenie.com, alert API). */
export function opsgenieRequests(
  config: OpsgenieConfig,
  notification: Notification,
  texts: Texts,
  more?: MessageDetails,
): Outgoing[] {
  const base = baseOf(config);
  const alias = groupHash(notification);
  const source = texts.text(config.source);
  const ofAlias = (action: string) => `${base}v2/alerts/${alias}/${action}?identifierType=alias`;
  if (notification.status === "resolved") return [{ url: ofAlias("close"), json: { source } }];
  const alert = alertOf(config, notification, texts, more);
  const create: Outgoing = { url: `${base}v2/alerts`, json: { alias, source, ...alert } };
  if (!config.update_alerts) return [create];
  const { message, description } = alert;
  return [
    create,
    { method: "PUT", url: ofAlias("message"), json: { message } },
    ...(description === undefined
      ? []
      : [{ method: "PUT" as const, url: ofAlias("description"), json: { description } }]),
  ];
}

function baseOf({ api_url: url = "" }: OpsgenieConfig): string {
  return url.replace(/\/?$/, "/");
}

/** The request that adds a chart to the alert of a group (docs.opsgenie.com, alert API, "Create Alert Attachment"). */
export function opsgenieAttachment(
  config: OpsgenieConfig,
  notification: Notification,
  chart: ChartPicture,
): Outgoing {
  const path = `v2/alerts/${groupHash(notification)}/attachments?alertIdentifierType=alias`;
  return { url: `${baseOf(config)}${path}`, body: addChart(new FormData(), "file", chart) };
}

function alertOf(
  config: OpsgenieConfig,
  { commonLabels }: Notification,
  { text }: Texts,
  more?: MessageDetails,
) {
  const details = Object.entries(config.details).map(([name, value]) => [name, text(value)]);
  const facts = (more?.facts ?? []).map(({ name, value }) => [name, value]);
  const links = (more?.links ?? []).map(({ title, url }) => [title, url]);
  const description = inRunes(text(config.description), descriptionRunesMax);
  const responders = config.responders.flatMap((responder) => responderOf(responder, text));
  return {
    message: inRunes(text(config.message), messageRunesMax),
    ...(description === "" ? {} : { description }),
    details: {
      ...Object.fromEntries([...facts, ...links]),
      ...commonLabels,
      ...Object.fromEntries(details),
    },
    ...(responders.length === 0 ? {} : { responders }),
    ...listOf("tags", text(config.tags)),
    ...listOf("actions", text(config.actions)),
    ...withoutEmpty({
      note: inRunes(text(config.note), noteRunesMax),
      priority: text(config.priority),
      entity: text(config.entity),
    }),
  };
}

function listOf(name: "tags" | "actions", written: string) {
  const items = written.trim().split(",").filter(Boolean);
  return items.length === 0 ? {} : { [name]: items };
}

function responderOf(written: OpsgenieConfig["responders"][number], text: Texts["text"]) {
  const [id, name, username] = [text(written.id), text(written.name), text(written.username)];
  const type = text(written.type).toLowerCase();
  // Templates may leave a responder empty on purpose.
  if (id === "" && name === "" && username === "") return [];
  if (type !== "teams") return [{ ...withoutEmpty({ id, name, username }), type }];
  const teams = name.trim().split(",").filter(Boolean);
  return teams.map((team) => ({ name: team, type: "team" }));
}
