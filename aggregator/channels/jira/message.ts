import type { Texts } from "../channel.ts";
import { type MessageDetails, factLines } from "../details.ts";
import { groupHash } from "../group_hash.ts";
import type { Notification } from "../notification.ts";
import { rendered } from "../rendered.ts";
import { inRunes } from "../truncated.ts";
import type { JiraConfig } from "./schema.ts";

const [summaryRunesMax, descriptionRunesMax] = [255, 32_767];

/** A text in a query of Jira (JQL). */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function labelOf(notification: Notification): string {
  return `ALERT{${groupHash(notification)}}`;
}

/** The search for the group's issue, and its path under api_url. */
export function jiraSearch(config: JiraConfig, notification: Notification, { text }: Texts) {
  const { wont_fix_resolution: wontFix, reopen_duration, reopen_transition } = config;
  const minutes = Math.floor(reopen_duration / 60_000);
  const isReopened = notification.status === "firing" && reopen_transition !== "" && minutes > 0;
  const jql = [
    ...(wontFix === "" ? [] : [`(resolution is EMPTY or resolution != ${quoted(wontFix)})`]),
    isReopened
      ? `(resolutiondate is EMPTY OR resolutiondate >= -${minutes}m)`
      : "statusCategory != Done",
    `project=${quoted(text(config.project))}`,
    `labels=${quoted(labelOf(notification))} order by status ASC,resolutiondate DESC`,
  ].join(" and ");
  const json = { jql, maxResults: 2, fields: ["status"] };
  const base = (config.api_url ?? "").replace(/\/$/, "");
  const url = isCloud(config, base)
    ? `${base}/search/jql`.replace("/rest/api/2/", "/rest/api/3/")
    : `${base}/search`;
  return { url, json };
}

function isCloud({ api_type: type }: JiraConfig, base: string): boolean {
  switch (type) {
    case "cloud":
      return true;
    case "datacenter":
      return false;
    case "auto":
      return URL.canParse(base) && new URL(base).hostname.endsWith("atlassian.net");
  }
}

/** The issue of a group (developer.atlassian.com, create and edit issue). Of version 3 of the API, descriptions are JSON. */
export function jiraIssue(
  config: JiraConfig,
  notification: Notification,
  texts: Texts,
  isUpdate: boolean,
  details?: MessageDetails,
) {
  const { text } = texts;
  const description = descriptionOf(config, text(config.description.template), details);
  const priority = text(config.priority);
  const labels = [...config.labels.map(text), labelOf(notification)].toSorted();
  const own = Object.entries(config.fields).map(([name, value]) => [name, rendered(value, texts)]);
  const keeps = (field: { readonly enable_update: boolean }) => isUpdate && !field.enable_update;
  return {
    fields: {
      project: { key: text(config.project) },
      issuetype: { name: text(config.issue_type) },
      ...(keeps(config.summary)
        ? {}
        : { summary: inRunes(text(config.summary.template), summaryRunesMax) }),
      ...(keeps(config.description) || description === "" ? {} : { description }),
      labels,
      ...(priority === "" ? {} : { priority: { name: priority } }),
      ...Object.fromEntries(own),
    },
  };
}

function isVersion3({ api_url = "" }: JiraConfig): boolean {
  return /\/3\/?$/.test(api_url);
}

function descriptionOf(config: JiraConfig, text: string, details?: MessageDetails): unknown {
  if (isVersion3(config)) {
    const cut = inRunes(text, descriptionRunesMax);
    return cut === "" && details === undefined ? "" : documentOf(cut, details);
  }
  if (details === undefined) return inRunes(text, descriptionRunesMax);
  const links = details.links.map(({ title, url }) => `[${title}|${url}]`).join(" ");
  const more = `\n\n${factLines(details)}\n${links}`;
  return inRunes(text, descriptionRunesMax - more.length) + more;
}

/** Version 3 takes the Atlassian Document Format: a template may write it, and plain text is put into it. */
function documentOf(text: string, details?: MessageDetails): unknown {
  try {
    const written: unknown = JSON.parse(text);
    if (typeof written === "object" && written !== null) return written;
  } catch {
    // Plain text.
  }
  const lines = details === undefined ? text : `${text}\n${factLines(details)}`;
  const links = (details?.links ?? []).flatMap(({ title, url }) => [
    { type: "text", text: title, marks: [{ type: "link", attrs: { href: url } }] },
    { type: "text", text: " " },
  ]);
  const content = lines
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ type: "paragraph", content: [{ type: "text", text: line }] }));
  const last = links.length === 0 ? [] : [{ type: "paragraph", content: links }];
  return { type: "doc", version: 1, content: [...content, ...last] };
}
