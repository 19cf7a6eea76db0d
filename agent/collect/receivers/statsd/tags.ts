import type { TagFormat } from "./config.ts";

/** Labels that one series may have, and characters of all of them with the name. */
const tagsMax = 64;
const charsMax = 8_192;

export type NamedTags = {
  /** The name without the tags in it. */
  readonly name: string;
  /** As they were sent; a later one of a name stands over an earlier one. */
  readonly tags: readonly (readonly [name: string, value: string])[];
  /** Tags that can't be read: without a name, or without a value where the format wants one. */
  readonly faults: number;
};

/**
 * Takes tags out of a name (SignalFX `name[k=v]`, Librato `name#k=v`, InfluxDB `name,k=v`, Graphite `name;k=v`) and out of DogStatsD's section. Undefined
 * where there are too many, or they are too long.
 */
export function readTags(
  text: string,
  section: string,
  formats: ReadonlySet<TagFormat>,
): NamedTags | undefined {
  if (text.length + section.length > charsMax) return undefined;
  const { name, inside } = withoutTags(text, formats);
  const tags: [string, string][] = [];
  let faults = 0;
  for (const tag of inside) {
    const at = tag.indexOf("=");
    if (at > 0 && at < tag.length - 1) tags.push([tag.slice(0, at), tag.slice(at + 1)]);
    else faults++;
  }
  if (formats.has("dogstatsd") && section !== "")
    for (const tag of section.split(",")) {
      const own = tag.startsWith("#") ? tag.slice(1) : tag;
      const at = own.indexOf(":");
      // A tag without a value is there or not: Telegraf writes "true", too.
      if (at < 0 && own !== "") tags.push([own, "true"]);
      else if (at > 0 && at < own.length - 1) tags.push([own.slice(0, at), own.slice(at + 1)]);
      else faults++;
    }
  return tags.length > tagsMax ? undefined : { name, tags, faults };
}

function withoutTags(
  text: string,
  formats: ReadonlySet<TagFormat>,
): { readonly name: string; readonly inside: readonly string[] } {
  if (formats.has("signalfx")) {
    const [open, close] = [text.indexOf("["), text.indexOf("]")];
    if (open >= 0 && close > open)
      return {
        name: text.slice(0, open) + text.slice(close + 1),
        inside: piecesOf(text.slice(open + 1, close), ","),
      };
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "#" && formats.has("librato"))
      return { name: text.slice(0, at), inside: piecesOf(text.slice(at + 1), ",") };
    if (character === "," && formats.has("influxdb"))
      return { name: text.slice(0, at), inside: piecesOf(text.slice(at + 1), ",") };
    if (character === ";" && formats.has("graphite"))
      return { name: text.slice(0, at), inside: piecesOf(text.slice(at + 1), ";") };
  }
  return { name: text, inside: [] };
}

function piecesOf(text: string, separator: string): readonly string[] {
  return text === "" ? [] : text.split(separator);
}
