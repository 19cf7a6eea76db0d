import type { Collector } from "../../collector.ts";
import { NoDataError } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { readTextIfReadable } from "../../text_file.ts";

const infoLabels = [
  "build_id",
  "id",
  "id_like",
  "image_id",
  "image_version",
  "name",
  "pretty_name",
  "variant",
  "variant_id",
  "version",
  "version_codename",
  "version_id",
] as const;
const versionLabels = ["id", "id_like", "name"] as const;
const info = gauge("node_os_info", "The operating system's release; always 1.", infoLabels);
const version = gauge("node_os_version", "Major and minor version, as a number.", versionLabels);
const supportEnd = gauge(
  "node_os_support_end_timestamp_seconds",
  "When support for this release ends, in Unix time.",
);

export const os: Collector = {
  name: "os",
  create({ rootfs }) {
    const prefix = rootfs.replace(/\/+$/, "");
    const paths = [`${prefix}/etc/os-release`, `${prefix}/usr/lib/os-release`];
    return (sink) => {
      const text = paths.map(readTextIfReadable).find((found) => found !== undefined);
      if (text === undefined) throw new NoDataError("os-release");
      const fields = parseOsRelease(text);
      const get = (label: string) => fields.get(label.toUpperCase()) ?? "";
      sink.add(info, 1, ...infoLabels.map(get));
      const number = /^\d+(\.\d+)?/.exec(get("version_id"))?.[0];
      if (number !== undefined) sink.add(version, Number(number), ...versionLabels.map(get));
      const endMs = Date.parse(get("support_end"));
      if (!Number.isNaN(endMs)) sink.add(supportEnd, endMs / 1_000);
    };
  },
};

/** Lines KEY=value, in shell's quotes or without, as in os-release(5). */
export function parseOsRelease(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const keyEnd = line.indexOf("=");
    if (keyEnd === -1 || line.startsWith("#")) continue;
    const value = line.slice(keyEnd + 1).trim();
    const quote = value[0];
    const isQuoted = value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote);
    const bare = isQuoted ? value.slice(1, -1) : value;
    fields.set(line.slice(0, keyEnd).trim(), quote === "'" ? bare : bare.replace(/\\(.)/g, "$1"));
  }
  return fields;
}
