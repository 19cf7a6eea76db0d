import { type Family, counter, gauge } from "../../collect/samples/family.ts";
import { histogram } from "../../collect/samples/histogram.ts";

/** Metrics as in github.com/prometheus-community/bind_exporter; recursive_clients and zone_serial are counters there, too. */
export const bootTime = gauge(
  "bind_boot_time_seconds",
  "When the server was started, Unix seconds.",
);
export const configTime = gauge(
  "bind_config_time_seconds",
  "When the configuration was last read, Unix seconds.",
);
/** Tables of the server's answer that are a family each, by their names there. */
export const tables = [
  ["opcodes", counter("bind_incoming_requests_total", "Requests by opcode.", ["opcode"])],
  ["qtypes", counter("bind_incoming_queries_total", "Queries by type of record.", ["type"])],
  ["rcodes", counter("bind_response_rcodes_total", "Responses by response code.", ["rcode"])],
] as const;

const queryErrors = counter("bind_query_errors_total", "Queries that were not answered.", [
  "error",
]);
const responses = counter("bind_responses_total", "Responses by result.", ["result"]);
/** Statistics of the server with the label that they stand for. Those that are 0 are not in the answer. */
export const labelled: readonly (readonly [statistic: string, family: Family, label: string])[] = [
  ["QryDropped", queryErrors, "Dropped"],
  ["QryFailure", queryErrors, "Failure"],
  ...["Success", "Referral", "Nxrrset", "SERVFAIL", "FORMERR", "NXDOMAIN"].map(
    (label) => [`Qry${label}`, responses, label] as const,
  ),
];
export const plain: readonly (readonly [statistic: string, family: Family])[] = [
  [
    "QryDuplicate",
    counter("bind_query_duplicates_total", "Queries that came again while one was worked on."),
  ],
  ["QryRecursion", counter("bind_query_recursions_total", "Queries that caused recursion.")],
  ["RecursClients", counter("bind_recursive_clients", "Clients that wait for recursion now.")],
  [
    "RPZRewrites",
    counter("bind_response_policy_zone_rewrites_total", "Responses that a policy zone rewrote."),
  ],
  ["XfrRej", counter("bind_zone_transfer_rejected_total", "Zone transfers that were refused.")],
  ["XfrSuccess", counter("bind_zone_transfer_success_total", "Zone transfers that came through.")],
  ["XfrFail", counter("bind_zone_transfer_failure_total", "Zone transfers that failed.")],
];

const view = ["view"];
/** Tables of a view's resolver, by their names there. */
export const viewTables = [
  [
    "cache",
    gauge("bind_resolver_cache_rrsets", "Sets of records in the cache, by type.", ["view", "type"]),
  ],
  [
    "qtypes",
    counter("bind_resolver_queries_total", "Queries that were sent, by type of record.", [
      "view",
      "type",
    ]),
  ],
  [
    "cachestats",
    counter("bind_resolver_cache_stats", "Statistics of the cache, by name.", ["view", "type"]),
  ],
] as const;
const errors = counter("bind_resolver_query_errors_total", "Queries that were sent and failed.", [
  "view",
  "error",
]);
const answered = counter(
  "bind_resolver_response_errors_total",
  "Responses that told of an error.",
  ["view", "error"],
);
const validated = counter(
  "bind_resolver_dnssec_validation_success_total",
  "Validations that succeeded.",
  ["view", "result"],
);
/** Statistics of a resolver that are labels of a family. */
export const resolverLabelled: readonly (readonly [statistic: string, family: Family])[] = [
  ["QueryAbort", errors],
  ["QuerySockFail", errors],
  ["QueryTimeout", errors],
  ["NXDOMAIN", answered],
  ["SERVFAIL", answered],
  ["FORMERR", answered],
  ["OtherError", answered],
  ["REFUSED", answered],
  ["ValOk", validated],
  ["ValNegOk", validated],
];
export const resolverPlain: readonly (readonly [statistic: string, family: Family])[] = [
  [
    "Lame",
    counter(
      "bind_resolver_response_lame_total",
      "Responses of servers that do not serve the zone.",
      view,
    ),
  ],
  [
    "EDNS0Fail",
    counter(
      "bind_resolver_query_edns0_errors_total",
      "Queries that failed because of EDNS(0).",
      view,
    ),
  ],
  [
    "Mismatch",
    counter("bind_resolver_response_mismatch_total", "Responses that fit no query.", view),
  ],
  ["Retry", counter("bind_resolver_query_retries_total", "Queries that were sent again.", view)],
  [
    "Truncated",
    counter("bind_resolver_response_truncated_total", "Responses that were cut.", view),
  ],
  [
    "ValFail",
    counter("bind_resolver_dnssec_validation_errors_total", "Validations that failed.", view),
  ],
];
/** BIND's own limits, in its names of the counters: milliseconds. */
export const roundTripNames = ["10", "100", "500", "800", "1600", "1600+"];
export const roundTrips = histogram(
  "bind_resolver_query_duration_seconds",
  "Times until other servers answered.",
  [0.01, 0.1, 0.5, 0.8, 1.6],
  view,
);

export const zoneSerial = counter("bind_zone_serial", "Serial number of a zone.", [
  "view",
  "zone_name",
]);
