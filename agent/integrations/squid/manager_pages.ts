import { type Family, counter, gauge } from "../../collect/samples/family.ts";

// Pages of Squid's cache manager, and names as in github.com/boynux/squid-exporter 1.13.

const sections: readonly (readonly [section: string, what: string])[] = [
  ["client_http", "of clients"],
  ["server.all", "to servers"],
  ["server.http", "to servers by HTTP"],
  ["server.ftp", "to servers by FTP"],
  ["server.other", "to servers by other protocols"],
];

/** Lines "key = value" of `counters`. */
export const counters: Readonly<Record<string, Family>> = Object.fromEntries([
  ...sections.flatMap(([section, what]) => [
    counterOf(section, "requests", "total", `Requests ${what}.`),
    counterOf(section, "errors", "total", `Requests ${what} that failed.`),
    counterOf(section, "kbytes_in", "kbytes_total", `KiB received, requests ${what}.`),
    counterOf(section, "kbytes_out", "kbytes_total", `KiB sent, requests ${what}.`),
  ]),
  counterOf("client_http", "hits", "total", "Requests of clients answered by the cache."),
  // The exporter calls it bytes; it counts KiB like the others.
  counterOf("client_http", "hit_kbytes_out", "bytes_total", "KiB sent out of the cache."),
  counterOf("swap", "ins", "total", "Objects read from disk."),
  counterOf("swap", "outs", "total", "Objects written to disk."),
  counterOf("swap", "files_cleaned", "total", "Files of nobody that were removed from disk."),
]);

function counterOf(
  section: string,
  key: string,
  suffix: string,
  help: string,
): readonly [string, Family] {
  const name = `squid_${section.replace(".", "_")}_${key}_${suffix}`;
  return [`${section}.${key}`, counter(name, help)];
}

const timed = "HTTP Requests (All)|Cache Misses|Cache Hits|Near Hits|DNS Lookups".split("|");

/** Lines "HTTP Requests (All):  95%   0.00000  0.00000" of `service_times`: percentiles of five minutes and of an hour, in seconds; the first is told. */
export const serviceTimes: Readonly<Record<string, Family>> = Object.fromEntries(
  timed.flatMap((what) =>
    Array.from({ length: 20 }, (_, i) => {
      const percent = String((i + 1) * 5);
      const name = `squid_${what.replaceAll(/[()]/g, "").replaceAll(" ", "_")}_${percent}`;
      const help = `Seconds within which ${percent} % were done, last five minutes: ${what}.`;
      return [`${what} ${percent}`, gauge(name, help)] as const;
    }),
  ),
);

/** Lines of `info` that the exporter tells, by its spelling: spaces as "_", without "(),/". */
const infoNames = `Number_of_clients_accessing_cache Number_of_HTTP_requests_received Number_of_ICP_messages_received
Number_of_ICP_messages_sent Number_of_queued_ICP_replies Number_of_HTCP_messages_received Number_of_HTCP_messages_sent
Request_failure_ratio Average_HTTP_requests_per_minute_since_start Average_ICP_messages_per_minute_since_start Select_loop_called
Hits_as_%_of_all_requests_5min Hits_as_%_of_bytes_sent_5min Memory_hits_as_%_of_hit_requests_5min Disk_hits_as_%_of_hit_requests_5min
Hits_as_%_of_all_requests_60min Hits_as_%_of_bytes_sent_60min Memory_hits_as_%_of_hit_requests_60min
Disk_hits_as_%_of_hit_requests_60min Storage_Swap_size Storage_Swap_capacity Storage_Mem_size Storage_Mem_capacity Mean_Object_Size
Requests_given_to_unlinkd UP_Time CPU_Time CPU_Usage CPU_Usage_5_minute_avg CPU_Usage_60_minute_avg Maximum_Resident_Size
Page_faults_with_physical_io Total_accounted memPoolAlloc_calls memPoolFree_calls Maximum_number_of_file_descriptors
Largest_file_desc_currently_in_use Number_of_file_desc_currently_in_use Files_queued_for_open
Available_number_of_file_descriptors Reserved_number_of_file_descriptors Store_Disk_files_open StoreEntries
StoreEntries_with_MemObjects Hot_Object_Cache_Items on_disk_objects`;

export const infos: Readonly<Record<string, Family>> = Object.fromEntries(
  infoNames.split(/\s+/).map((key) => {
    const help = `${key.replaceAll("_", " ")}, as the page info tells it.`;
    // The exporter's list has "i/o" of page faults in another spelling than what it reads.
    const name = key.replaceAll("%", "pct").replace("physical_io", "physical_i_o");
    return [key, gauge(`squid_info_${name}`, help)];
  }),
);
