import { type Family, type SampleSink, counter, gauge } from "../../collect/samples/family.ts";
import { pageText, wrongPage } from "../connections/http_page.ts";
import type { OpenInstance } from "../integration.ts";
import type { ApacheConfig } from "./config.ts";

// Names as in github.com/Lusitaniae/apache_exporter; keys as mod_status writes them.
const generation = gauge("apache_generation", "Times of restarts.", ["type"]);
const load = gauge("apache_load", "Load of the host.", ["interval"]);
const workers = gauge("apache_workers", "Workers by whether they have a request.", ["state"]);
const processes = gauge("apache_processes", "Processes of the server.", ["state"]);
const connections = gauge("apache_connections", "Connections of the event MPM.", ["state"]);
const numbers: Readonly<Record<string, readonly [family: Family, label?: string]>> = {
  "Total Accesses": [counter("apache_accesses_total", "Requests so far.")],
  "Total kBytes": [counter("apache_sent_kilobytes_total", "KiB sent so far.")],
  "Total Duration": [
    counter("apache_duration_ms_total", "Time of all requests so far, milliseconds."),
  ],
  Uptime: [counter("apache_uptime_seconds_total", "Seconds since the server started.")],
  ParentServerConfigGeneration: [generation, "config"],
  ParentServerMPMGeneration: [generation, "mpm"],
  Load1: [load, "1min"],
  Load5: [load, "5min"],
  Load15: [load, "15min"],
  BusyWorkers: [workers, "busy"],
  IdleWorkers: [workers, "idle"],
  Processes: [processes, "all"],
  Stopping: [processes, "stopping"],
  ConnsTotal: [connections, "total"],
  ConnsAsyncWriting: [connections, "writing"],
  ConnsAsyncKeepAlive: [connections, "keepalive"],
  ConnsAsyncClosing: [connections, "closing"],
};
const cpuLoad = gauge(
  "apache_cpuload",
  "Percentage of a CPU that all workers used since the start.",
);
const cpuTime = counter("apache_cpu_time_ms_total", "CPU time so far, milliseconds.", ["type"]);
const scoreboard = gauge("apache_scoreboard", "Slots for workers by what they do.", ["state"]);
const info = gauge("apache_info", "1, with the server's version.", ["version", "mpm"]);
const version = gauge("apache_version", "Version as a number: 2.4.57 is 2.04057.");
const slots: Readonly<Record<string, string>> = {
  _: "idle",
  S: "startup",
  R: "read",
  W: "reply",
  K: "keepalive",
  D: "dns",
  C: "closing",
  L: "logging",
  G: "graceful_stop",
  I: "idle_cleanup",
  ".": "open_slot",
};

const byWorker = ["balancer", "worker"];
const balancerStatus = gauge("apache_proxy_balancer_status", "1, with a worker's state.", [
  ...byWorker,
  "status",
]);
const balancerNumbers: Readonly<Record<string, Family>> = {
  Elected: counter("apache_proxy_balancer_accesses_total", "Requests given to a worker.", byWorker),
  Busy: gauge("apache_proxy_balancer_busy", "Requests that a worker has now.", byWorker),
  Sent: counter("apache_proxy_balancer_request_kbytes_total", "KiB sent to a worker.", byWorker),
  Rcvd: counter("apache_proxy_balancer_response_kbytes_total", "KiB had of a worker.", byWorker),
};

export const openApache: OpenInstance<ApacheConfig> = (options, { timeoutMs }) => {
  const url = options.url.includes("?") ? options.url : `${options.url}?auto`;
  return {
    async collect(sink, tick) {
      const text = await pageText({ ...options, url }, { signal: tick.signal, timeoutMs });
      if (!/^(Scoreboard|BusyWorkers):/m.test(text)) throw wrongPage("mod_status's ?auto", text);
      addPage(sink, text);
      if (!/^Total Accesses:/m.test(text))
        tick.degraded("requests and bytes are not counted: ExtendedStatus is off");
    },
  };
};

function addPage(sink: SampleSink, text: string): void {
  const cpuMs = { user: 0, system: 0 };
  let [server, mpm, percent, balancer, worker] = ["UNKNOWN", "UNKNOWN", 0, "UNKNOWN", "UNKNOWN"];
  let hasCpu = false;
  /** What was told: a worker of a balancer that is listed twice is told once. */
  const told = new Set<string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const key = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    const plain = numbers[key];
    if (plain !== undefined) {
      const [family, label] = plain;
      if (!Number.isNaN(Number(value)) && value !== "" && !told.has(key))
        sink.add(family, Number(value), ...(label === undefined ? [] : [label]));
      told.add(key);
    } else if (key === "Scoreboard") addScoreboard(sink, value);
    else if (key === "ServerVersion") server = value;
    else if (key === "ServerMPM") mpm = value;
    else if (key === "CPULoad") percent = numberOr0(value);
    else if (/^CPU(Children)?(User|System)$/.test(key)) {
      cpuMs[key.endsWith("User") ? "user" : "system"] += 1_000 * numberOr0(value);
      hasCpu = true;
    } else if (key.startsWith("ProxyBalancer[")) {
      const [, ofWorker = ""] = /\]Worker\[\d+\](\w+)$/.exec(key) ?? [];
      if (ofWorker === "Name") worker = value;
      else if (ofWorker === "") balancer = value;
      else if (!told.has(`${balancer} ${worker} ${ofWorker}`)) {
        told.add(`${balancer} ${worker} ${ofWorker}`);
        addOfWorker(sink, ofWorker, value, balancer, worker);
      }
    }
  }
  if (hasCpu) for (const type of ["user", "system"] as const) sink.add(cpuTime, cpuMs[type], type);
  sink.add(cpuLoad, percent);
  sink.add(info, 1, server, mpm);
  const [, major, minor = "", patch = ""] = /\/(\d+)\.(\d+)\.(\d+)/.exec(server) ?? [];
  if (major !== undefined)
    sink.add(version, Number(`${major}.${minor.padStart(2, "0")}${patch.padStart(3, "0")}`));
}

function addScoreboard(sink: SampleSink, board: string): void {
  const counts = new Map(Object.values(slots).map((state) => [state, 0]));
  for (const slot of board) {
    const state = slots[slot] ?? slot;
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  for (const [state, count] of counts) sink.add(scoreboard, count, state);
}

function addOfWorker(
  sink: SampleSink,
  key: string,
  value: string,
  balancer: string,
  worker: string,
): void {
  const family = balancerNumbers[key];
  if (family !== undefined) sink.add(family, numberOr0(value.replace(/k$/i, "")), balancer, worker);
  else if (key === "Status") sink.add(balancerStatus, 1, balancer, worker, value);
}

function numberOr0(text: string): number {
  return Number(text) || 0;
}
