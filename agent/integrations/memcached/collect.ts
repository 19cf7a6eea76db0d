import { OperatingError } from "#shared/errors.ts";
import { type Family, type SampleSink, counter, gauge } from "../../collect/samples/family.ts";
import { Conversation } from "../connections/conversation.ts";
import type { OpenInstance } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import { type MemcachedConfig, usualPort } from "./config.ts";

/** Statistics without labels, by the server's name of them; metrics as in github.com/prometheus/memcached_exporter. */
const plain: Readonly<Record<string, Family>> = {
  uptime: counter("memcached_uptime_seconds", "Seconds since the server started."),
  time: gauge("memcached_time_seconds", "The server's clock, Unix seconds."),
  bytes: gauge("memcached_current_bytes", "Bytes that items use."),
  limit_maxbytes: gauge("memcached_limit_bytes", "Bytes that items may use."),
  curr_items: gauge("memcached_current_items", "Items stored now."),
  total_items: counter("memcached_items_total", "Items ever stored."),
  evictions: counter(
    "memcached_items_evicted_total",
    "Items removed for want of memory before they expired.",
  ),
  reclaimed: counter(
    "memcached_items_reclaimed_total",
    "Times that an expired item's memory was used again.",
  ),
  bytes_read: counter("memcached_read_bytes_total", "Bytes read from the network."),
  bytes_written: counter("memcached_written_bytes_total", "Bytes written to the network."),
  curr_connections: gauge("memcached_current_connections", "Open connections."),
  max_connections: gauge("memcached_max_connections", "Connections that may be open."),
  total_connections: counter("memcached_connections_total", "Connections ever opened."),
  rejected_connections: counter(
    "memcached_connections_rejected_total",
    "Connections refused because too many were open.",
  ),
  conn_yields: counter(
    "memcached_connections_yielded_total",
    "Times that a connection had to let others go first.",
  ),
  listen_disabled_num: counter(
    "memcached_connections_listener_disabled_total",
    "Times that the limit on connections was reached.",
  ),
  accepting_conns: gauge("memcached_accepting_connections", "Whether connections are accepted."),
  threads: gauge("memcached_threads", "Worker threads."),
};

/** Commands by exporter's labels: the server's names of hits, and of misses where it counts those. */
const commands: readonly (readonly [command: string, status: string, statistic: string])[] = [
  ...["get", "delete", "incr", "decr", "cas", "touch"].flatMap(
    (command) =>
      [
        [command, "hit", `${command}_hits`],
        [command, "miss", `${command}_misses`],
      ] as const,
  ),
  ["cas", "badval", "cas_badval"],
  ["flush", "hit", "cmd_flush"],
];
const commandsTotal = counter("memcached_commands_total", "Requests by command and outcome.", [
  "command",
  "status",
]);
const version = gauge("memcached_version", "1, with the server's version.", ["version"]);
const cpu = {
  rusage_user: counter(
    "memcached_process_user_cpu_seconds_total",
    "CPU time of the server in user mode.",
  ),
  rusage_system: counter(
    "memcached_process_system_cpu_seconds_total",
    "CPU time of the server in the kernel.",
  ),
} as const;

const slabNames: readonly (readonly [statistic: string, family: Family])[] = [
  [
    "chunk_size",
    gauge("memcached_slab_chunk_size_bytes", "Bytes a chunk of the slab class.", ["slab"]),
  ],
  ["chunks_per_page", gauge("memcached_slab_chunks_per_page", "Chunks in a page.", ["slab"])],
  ["total_pages", gauge("memcached_slab_current_pages", "Pages of the slab class.", ["slab"])],
  ["total_chunks", gauge("memcached_slab_current_chunks", "Chunks of the slab class.", ["slab"])],
  ["used_chunks", gauge("memcached_slab_chunks_used", "Chunks with an item.", ["slab"])],
  ["free_chunks", gauge("memcached_slab_chunks_free", "Chunks without an item.", ["slab"])],
  [
    "mem_requested",
    gauge("memcached_slab_mem_requested_bytes", "Bytes that items of the slab class asked for.", [
      "slab",
    ]),
  ],
];
const itemNames: readonly (readonly [statistic: string, family: Family])[] = [
  ["number", gauge("memcached_slab_current_items", "Items of the slab class.", ["slab"])],
  ["age", gauge("memcached_slab_items_age_seconds", "Age of the oldest item.", ["slab"])],
  [
    "evicted",
    counter("memcached_slab_items_evicted_total", "Items removed for want of memory.", ["slab"]),
  ],
  [
    "evicted_time",
    gauge(
      "memcached_slab_items_evicted_time_seconds",
      "Seconds since the last evicted item was used.",
      ["slab"],
    ),
  ],
  [
    "outofmemory",
    counter("memcached_slab_items_outofmemory_total", "Items that found no memory.", ["slab"]),
  ],
  [
    "reclaimed",
    counter("memcached_slab_items_reclaimed_total", "Expired items whose memory was used again.", [
      "slab",
    ]),
  ],
];

/** Asks by a new connection each tick, as the exporter does: nothing is held open at the server in between. */
export const openMemcached: OpenInstance<MemcachedConfig> = ({ address }) => ({
  async collect(sink, { signal }) {
    const talk = await Conversation.open(splitAddress(address, usualPort), signal);
    try {
      addGeneral(sink, await statistics(talk, "stats"));
      addBySlab(sink, await statistics(talk, "stats slabs"), slabNames, 0);
      // "items:5:number"
      addBySlab(sink, await statistics(talk, "stats items"), itemNames, 1);
    } finally {
      talk.close();
    }
  },
});

async function statistics(talk: Conversation, command: string): Promise<Map<string, string>> {
  talk.send(`${command}\r\n`);
  const found = new Map<string, string>();
  for (;;) {
    const line = await talk.line();
    if (line === "END") return found;
    const [word, name, ...rest] = line.split(" ");
    if (word !== "STAT" || name === undefined)
      throw new OperatingError(
        "corrupt",
        `"${command}" was answered with ${JSON.stringify(line.slice(0, 80))}`,
      );
    found.set(name, rest.join(" "));
  }
}

function addGeneral(sink: SampleSink, found: ReadonlyMap<string, string>): void {
  for (const [statistic, family] of Object.entries({ ...plain, ...cpu }))
    addNumber(sink, family, found.get(statistic));
  for (const [command, status, statistic] of commands)
    addNumber(sink, commandsTotal, found.get(statistic), command, status);
  // "cmd_set" counts all; there is no miss of a set.
  addNumber(sink, commandsTotal, found.get("cmd_set"), "set", "hit");
  sink.add(version, 1, found.get("version") ?? "");
}

function addBySlab(
  sink: SampleSink,
  found: ReadonlyMap<string, string>,
  names: readonly (readonly [string, Family])[],
  place: number,
): void {
  for (const [key, value] of found) {
    const parts = key.split(":");
    const [slab, statistic] = [parts[place] ?? "", parts[place + 1] ?? ""];
    const family = names.find(([name]) => name === statistic)?.[1];
    if (family !== undefined) addNumber(sink, family, value, slab);
  }
}

function addNumber(
  sink: SampleSink,
  family: Family,
  text: string | undefined,
  ...labels: readonly string[]
): void {
  const value = Number(text);
  if (text !== undefined && !Number.isNaN(value)) sink.add(family, value, ...labels);
}
