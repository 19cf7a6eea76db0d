import type { DashboardLink, DataLink } from "#shared/dashboards/dashboard.ts";
import { safeAddress } from "../model/data_links.ts";
import { noteForeign, noteRest, noteUnless, under, type Note } from "./notes.ts";
import { listOf, recordsOf, textOr, type Source } from "./read.ts";

const textMax = 100_000;

/** Links of a dashboard or a panel. Addresses that would run script are left out. */
export function linksOf(value: unknown, max: number, note: Note): DashboardLink[] {
  const links = recordsOf(value);
  if (links.length > max)
    note("links", `${links.length} links, expected at most ${max}: the rest is left out`);
  return links.slice(0, max).flatMap((link, i) => linkOf(link, under(note, `links[${i}]`)));
}

function linkOf(link: Source, note: Note): DashboardLink[] {
  const isList = link["type"] === "dashboards";
  const url = textOr(link["url"]);
  const address = url === undefined ? undefined : safeAddress(url);
  if (!isList && address === undefined) {
    note(
      "url",
      url === undefined
        ? "is missing: the link is left out"
        : "is not an address that is safe to open: the link is left out",
    );
    return [];
  }
  noteRest(
    link,
    [
      "title",
      "url",
      "type",
      "tags",
      "asDropdown",
      "targetBlank",
      "keepTime",
      "includeVars",
      "tooltip",
      "params",
    ],
    ["icon", "$$hashKey"],
    note,
  );
  noteUnless(link, { icon: ["external link"] }, note, "is a picture that links do not have here");
  noteForeign(`${textOr(link["title"]) ?? ""} ${url ?? ""}`, note, "url");
  return [
    {
      title: (textOr(link["title"]) ?? url ?? "").slice(0, textMax),
      kind: isList ? "dashboards" : "url",
      ...(address === undefined
        ? {}
        : { url: withParams(address, textOr(link["params"])).slice(0, textMax) }),
      tags: tagsOf(link["tags"], 100),
      ...flag("dropdown", link["asDropdown"]),
      ...flag("new_tab", link["targetBlank"]),
      ...flag("keep_time", link["keepTime"]),
      ...flag("keep_variables", link["includeVars"]),
      ...tooltipOf(link),
    },
  ];
}

function withParams(url: string, params: string | undefined): string {
  if (params === undefined) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${params}`;
}

function tooltipOf(link: Source): { tooltip?: string } {
  const tooltip = textOr(link["tooltip"]);
  return tooltip === undefined ? {} : { tooltip: tooltip.slice(0, textMax) };
}

function flag<K extends string>(name: K, value: unknown): Partial<Record<K, boolean>> {
  const part: Partial<Record<K, boolean>> = {};
  if (value === true) part[name] = true;
  return part;
}

/** Tags: a list, or a text with commas as very old dashboards have it. */
export function tagsOf(value: unknown, max: number): string[] {
  const tags = typeof value === "string" ? value.split(",") : listOf(value);
  const texts = tags.flatMap((each) => textOr(each)?.trim().slice(0, 200) ?? []);
  return [...new Set(texts.filter((each) => each !== ""))].slice(0, max);
}

/** Links of values: `${__value.raw}` and the like stay as written. */
export function dataLinksOf(value: unknown, note: Note): DataLink[] {
  return recordsOf(value)
    .slice(0, 50)
    .flatMap((link, i): DataLink[] => {
      const url = textOr(link["url"]);
      if (url === undefined || safeAddress(url) === undefined) {
        note(`links[${i}].url`, "is not an address that is safe to open: the link is left out");
        return [];
      }
      noteRest(link, ["title", "url", "targetBlank"], ["origin", "sort"], note, `links[${i}]`);
      noteForeign(`${textOr(link["title"]) ?? ""} ${url}`, note, `links[${i}]`);
      return [
        {
          title: (textOr(link["title"]) ?? "").slice(0, textMax),
          url: url.slice(0, textMax),
          new_tab: link["targetBlank"] === true,
        },
      ];
    });
}
