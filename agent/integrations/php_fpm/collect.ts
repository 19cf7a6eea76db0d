import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { type Family, type SampleSink, counter, gauge } from "../../collect/samples/family.ts";
import { Conversation } from "../connections/conversation.ts";
import type { OpenInstance } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import { type PhpFpmConfig, scrapeUri, usualPort } from "./config.ts";
import { fastCgiBody, fastCgiGet } from "./fastcgi.ts";

// Names as in github.com/hipages/php-fpm_exporter 2.2; keys as php-fpm writes them.
const ofPool = ["pool", "scrape_uri"];
const up = gauge("phpfpm_up", "Whether the pool answered.", ofPool);
const failures = counter("phpfpm_scrape_failures", "Times that it did not answer.", ofPool);
const poolNumbers: Readonly<Record<string, Family>> = {
  "start since": counter("phpfpm_start_since", "Seconds since the pool started.", ofPool),
  "accepted conn": counter("phpfpm_accepted_connections", "Requests accepted so far.", ofPool),
  "listen queue": gauge("phpfpm_listen_queue", "Requests that wait to be accepted.", ofPool),
  "max listen queue": counter("phpfpm_max_listen_queue", "Most that ever waited.", ofPool),
  "listen queue len": gauge("phpfpm_listen_queue_length", "Requests that may wait.", ofPool),
  "idle processes": gauge("phpfpm_idle_processes", "Processes without a request.", ofPool),
  "active processes": gauge("phpfpm_active_processes", "Processes with a request.", ofPool),
  "total processes": gauge("phpfpm_total_processes", "Processes.", ofPool),
  "max active processes": counter("phpfpm_max_active_processes", "Most ever active.", ofPool),
  "max children reached": counter(
    "phpfpm_max_children_reached",
    "Times that pm.max_children kept more processes from being started.",
    ofPool,
  ),
  "slow requests": counter(
    "phpfpm_slow_requests",
    "Requests that took longer than request_slowlog_timeout.",
    ofPool,
  ),
};
const ofProcess = ["pool", "child", "scrape_uri"];
const processNumbers: Readonly<Record<string, Family>> = {
  requests: counter("phpfpm_process_requests", "Requests of the process.", ofProcess),
  "last request memory": gauge(
    "phpfpm_process_last_request_memory",
    "Most bytes that its last request had.",
    ofProcess,
  ),
  "last request cpu": gauge(
    "phpfpm_process_last_request_cpu",
    "Percentage of a CPU that its last request took.",
    ofProcess,
  ),
  "request duration": gauge(
    "phpfpm_process_request_duration",
    "Microseconds that its request has taken.",
    ofProcess,
  ),
};
const processState = gauge("phpfpm_process_state", "1 for its state, 0 for the others.", [
  "pool",
  "child",
  "state",
  "scrape_uri",
]);
const states = [
  "Idle",
  "Running",
  "Finishing",
  "Reading headers",
  "Getting request informations",
  "Ending",
];

const Status = z.looseObject({
  pool: z.string(),
  "accepted conn": z.number(),
  processes: z.array(z.looseObject({ state: z.string() })).default([]),
});
type Status = z.output<typeof Status>;

export const openPhpFpm: OpenInstance<PhpFpmConfig> = (options) => {
  const uri = scrapeUri(options);
  const request = fastCgiGet(options.status_path, options.processes ? "json&full" : "json");
  /** As last told: a pool that is down has a name, too. */
  let pool = "";
  let failed = 0;
  return {
    async collect(sink, { signal }) {
      try {
        const status = await statusOf(options, request, signal);
        ({ pool } = status);
        addStatus(sink, status, uri);
        sink.add(up, 1, pool, uri);
      } catch (thrown) {
        failed += 1;
        sink.add(up, 0, pool, uri);
        throw thrown;
      } finally {
        sink.add(failures, failed, pool, uri);
      }
    },
  };
};

async function statusOf(
  { address, status_path: path }: PhpFpmConfig,
  request: Uint8Array,
  signal: AbortSignal,
): Promise<Status> {
  const talk = await Conversation.open(splitAddress(address, usualPort), signal);
  try {
    talk.send(request);
    const body = await fastCgiBody(talk);
    const status = Status.safeParse(parsed(body));
    if (status.success) return status.data;
    throw new OperatingError("corrupt", `expected the status page at ${path}, got ${shown(body)}`);
  } catch (thrown) {
    if (thrown instanceof OperatingError && thrown.code === "not_found")
      throw new OperatingError("not_found", `${path} is not the pool's pm.status_path`);
    throw thrown;
  } finally {
    talk.close();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.trimStart().slice(0, 80));
}

function addStatus(sink: SampleSink, status: Status, uri: string): void {
  const { pool, processes } = status;
  for (const [key, family] of Object.entries(poolNumbers)) {
    const value = status[key];
    if (typeof value === "number") sink.add(family, value, pool, uri);
  }
  for (const [i, process] of processes.entries()) {
    const child = String(i);
    for (const [key, family] of Object.entries(processNumbers)) {
      const value = process[key];
      if (typeof value === "number") sink.add(family, value, pool, child, uri);
    }
    // PHP 7.4 corrected the word.
    const state = process.state.replace(/information$/, "informations");
    for (const each of states)
      sink.add(processState, each === state ? 1 : 0, pool, child, each, uri);
  }
}
