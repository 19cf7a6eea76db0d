import type { Texts } from "../channel.ts";
import { type MessageDetails, secureLink } from "../details.ts";
import { groupHash } from "../group_hash.ts";
import type { NotifiedStatus, Notification } from "../notification.ts";
import { rendered } from "../rendered.ts";
import { inRunes } from "../truncated.ts";
import { withoutEmpty } from "../without_empty.ts";
import { type PagerDutyConfig, defaultDetails } from "./schema.ts";

const summaryRunesMax = 1_024;
/** PagerDuty refuses larger events. */
const eventBytesMax = 512_000;
const actions: Readonly<Record<NotifiedStatus, string>> = {
  firing: "trigger",
  resolved: "resolve",
};
const cutDetails = {
  error: "The details were removed: the event was larger than PagerDuty's limit of 512 kB.",
};

function fits(event: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(event)) <= eventBytesMax;
}

function detailsOf({ details }: PagerDutyConfig, texts: Texts, more?: MessageDetails): unknown {
  const facts = (more?.facts ?? []).map(({ name, value }) => [name, value]);
  const own = Object.entries({ ...defaultDetails, ...details }).map(([name, value]) => [
    name,
    rendered(value, texts),
  ]);
  return Object.fromEntries([...facts, ...own]);
}

/** PagerDuty shows pictures by HTTPS alone; a click leads to the query. */
function imagesOf(more: MessageDetails | undefined) {
  const src = secureLink(more);
  if (src === undefined) return [];
  const query = more?.links.find(({ title }) => title === "Query")?.url ?? "";
  return [{ src, alt: more?.chart?.alt ?? "", href: query }];
}

function linksOf(more: MessageDetails | undefined) {
  return (more?.links ?? []).map(({ title, url }) => ({ href: url, text: title }));
}

/** An event of Events API v2 (developer.pagerduty.com, send an alert event). */
export function eventV2(
  config: PagerDutyConfig,
  notification: Notification,
  texts: Texts,
  routingKey: string,
  more?: MessageDetails,
) {
  const { text } = texts;
  const eventWith = (details: unknown) => ({
    ...withoutEmpty({ client: text(config.client), client_url: text(config.client_url) }),
    routing_key: routingKey,
    event_action: actions[notification.status],
    dedup_key: groupHash(notification),
    images: config.images
      .map(({ src, alt, href }) => ({ src: text(src), alt: text(alt), href: text(href) }))
      .filter(({ src }) => src !== "")
      .concat(imagesOf(more)),
    links: config.links
      .map((link) => ({ href: text(link.href), text: text(link.text) }))
      .filter(({ href }) => href !== "")
      .concat(linksOf(more)),
    payload: {
      summary: inRunes(text(config.description), summaryRunesMax),
      source: text(config.source === "" ? config.client : config.source),
      severity: text(config.severity),
      ...withoutEmpty({
        class: text(config.class),
        component: text(config.component),
        group: text(config.group),
      }),
      custom_details: details,
    },
  });
  const event = eventWith(detailsOf(config, texts, more));
  return fits(event) ? event : eventWith(cutDetails);
}

/** An event of Events API v1 (developer.pagerduty.com, send a v1 event). */
export function eventV1(
  config: PagerDutyConfig,
  notification: Notification,
  texts: Texts,
  serviceKey: string,
  more?: MessageDetails,
) {
  const { text } = texts;
  const contexts = [
    ...imagesOf(more).map((image) => ({ type: "image", ...withoutEmpty(image) })),
    ...linksOf(more).map((link) => ({ type: "link", ...link })),
  ];
  const isFiring = notification.status === "firing";
  const eventWith = (details: unknown) => ({
    service_key: serviceKey,
    event_type: actions[notification.status],
    incident_key: groupHash(notification),
    description: inRunes(text(config.description), summaryRunesMax),
    details,
    ...(isFiring
      ? withoutEmpty({ client: text(config.client), client_url: text(config.client_url) })
      : {}),
    ...(contexts.length === 0 ? {} : { contexts }),
  });
  const event = eventWith(detailsOf(config, texts, more));
  return fits(event) ? event : eventWith(cutDetails);
}
