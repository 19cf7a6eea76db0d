import { messageOf } from "#shared/errors.ts";
import { type SampleSink, counter, gauge } from "../../collect/samples/family.ts";
import { pageText, wrongPage } from "../connections/http_page.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import type { SquidConfig } from "./config.ts";
import { counters, infos, serviceTimes } from "./manager_pages.ts";

const up = gauge("squid_up", "Whether the cache manager answered.", ["host"]);
const service = gauge("squid_info_service", "1, with what Squid says of itself.", [
  "Squid_Object_Cache_Version",
  "Build_Info",
  "Service_Name",
]);
const aborted = counter("squid_aborted_requests_total", "Requests that clients gave up.");

export const openSquid: OpenInstance<SquidConfig> = (options, { timeoutMs }) => {
  const { hostname } = new URL(options.url);
  const page = (name: string, { signal }: Tick): Promise<string> =>
    pageText(
      { ...options, url: `${options.url}/squid-internal-mgr/${name}` },
      { signal, timeoutMs },
    );
  return {
    async collect(sink, tick) {
      try {
        const text = await page("counters", tick);
        if (!/^client_http\.requests = /m.test(text))
          throw wrongPage("the cache manager's counters", text);
        addCounters(sink, text);
        sink.add(up, 1, hostname);
      } catch (thrown) {
        sink.add(up, 0, hostname);
        throw thrown;
      }
      const further = { service_times: addServiceTimes, info: addInfo };
      for (const [name, add] of Object.entries(further))
        try {
          add(sink, await page(name, tick));
        } catch (thrown) {
          tick.signal.throwIfAborted();
          tick.degraded(`${name}: ${messageOf(thrown)}`);
        }
    },
  };
};

function addCounters(sink: SampleSink, text: string): void {
  for (const [, key = "", value] of text.matchAll(/^(\S+) = (-?[\d.]+)/gm)) {
    const family = key === "aborted_requests" ? aborted : counters[key];
    if (family !== undefined) sink.add(family, Number(value));
  }
}

function addServiceTimes(sink: SampleSink, text: string): void {
  for (const [, what = "", percent, value] of text.matchAll(
    /^\s*([^:\n]+):\s*(\d+)%\s+(-?[\d.]+)/gm,
  )) {
    const family = serviceTimes[`${what} ${percent}`];
    if (family !== undefined) sink.add(family, Number(value));
  }
}

/** "Name: value unit", "Name: 5min: 1%, 60min: 2%", and "value name" in the last part. Each is told once. */
function addInfo(sink: SampleSink, text: string): void {
  const told = new Set<string>();
  const add = (key: string, value: string | undefined) => {
    const family = infos[key];
    if (family === undefined || value === undefined || told.has(key)) return;
    told.add(key);
    sink.add(family, Number(value));
  };
  const facts = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value = ""] = /^\s*([^:]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined) {
      const [, count, what = ""] = /^\s*(\d+) (.+)$/.exec(line) ?? [];
      add(what.trim().replaceAll(/[ -]/g, "_"), count);
      continue;
    }
    facts.set(name, value);
    const key = name.replaceAll(" ", "_").replaceAll(/[(),/]/g, "");
    const [, five, sixty] = /^5min: (-?[\d.]+)%, 60min: (-?[\d.]+)%/.exec(value) ?? [];
    add(`${key}_5min`, five);
    add(`${key}_60min`, sixty);
    add(key, /^-?[\d.]+/.exec(value)?.[0]);
  }
  const version = facts.get("Squid Object Cache")?.replace(/^Version /, "") ?? "";
  sink.add(service, 1, version, facts.get("Build Info") ?? "", facts.get("Service Name") ?? "");
}
