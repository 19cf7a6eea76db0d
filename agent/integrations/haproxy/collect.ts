import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import { Conversation } from "../connections/conversation.ts";
import { pageText, wrongPage } from "../connections/http_page.ts";
import type { OpenInstance } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import { type HaproxyConfig, placeOf } from "./config.ts";
import { inMebibytes, processFields } from "./process_fields.ts";
import { addProxies } from "./proxies.ts";

const buildInfo = gauge("haproxy_process_build_info", "1, with the version.", ["version"]);
/** Of a stats socket over TCP, as in HAProxy's documentation. */
const usualPort = 9_999;

export const openHaproxy: OpenInstance<HaproxyConfig> = (options, { timeoutMs }) => ({
  async collect(sink, { signal }) {
    const { stats_url: url } = options;
    if (url !== undefined) {
      const text = await pageText({ ...options, url }, { signal, timeoutMs });
      if (!text.startsWith("# pxname,")) throw wrongPage("the statistics as CSV", text);
      addProxies(sink, text);
      return;
    }
    const talk = await Conversation.open(splitAddress(placeOf(options), usualPort), signal);
    try {
      talk.send("show info;show stat\n");
      const text = (await talk.rest()).toString("utf8");
      const table = text.indexOf("# pxname,");
      if (table < 0 || !text.trimStart().startsWith("Name: "))
        throw wrongPage("an answer to show info and show stat", text);
      addProcess(sink, text.slice(0, table));
      addProxies(sink, text.slice(table));
    } finally {
      talk.close();
    }
  },
});

/** Lines "Name: value" of `show info`. */
function addProcess(sink: SampleSink, text: string): void {
  const found = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) found.set(line.slice(0, colon), line.slice(colon + 2).trim());
  }
  for (const [key, family] of Object.entries(processFields)) {
    const older = found.get(inMebibytes[key] ?? "");
    const exact = found.get(key);
    const value = exact === undefined ? Number(older) * 1_024 * 1_024 : Number(exact);
    if (!Number.isNaN(value)) sink.add(family, value);
  }
  sink.add(buildInfo, 1, found.get("Version") ?? "");
}
