/**
 * Columns of `show stat` and names that HAProxy's own endpoint for Prometheus has for them (haproxy.org, addons/promex/README), without
 * "haproxy_SCOPE_". `divisor`: milliseconds become seconds.
 */
export type ProxyField = {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly divisor?: number;
  /** Value of the label `code`. */
  readonly code?: string;
};

export type Scope = "frontend" | "backend" | "server" | "listener";

const gauge = (name: string, help: string): ProxyField => ({ name, help, type: "gauge" });
const total = (name: string, help: string): ProxyField => ({
  name: `${name}_total`,
  help,
  type: "counter",
});
const seconds = (name: string, help: string): ProxyField => ({
  name: `${name}_seconds`,
  help,
  type: "gauge",
  divisor: 1_000,
});
const responses = (code: string): ProxyField => ({
  ...total("http_responses", "Answers by class of status."),
  code,
});

export const proxyFields: Readonly<Record<string, ProxyField>> = {
  qcur: gauge("current_queue", "Requests that wait for a server."),
  qmax: gauge("max_queue", "Most requests that ever waited."),
  scur: gauge("current_sessions", "Sessions now."),
  smax: gauge("max_sessions", "Most sessions that ever were."),
  slim: gauge("limit_sessions", "Sessions that may be."),
  stot: total("sessions", "Sessions so far."),
  bin: total("bytes_in", "Bytes of requests."),
  bout: total("bytes_out", "Bytes of answers."),
  dreq: total("requests_denied", "Requests that a rule denied."),
  dresp: total("responses_denied", "Answers that a rule denied."),
  ereq: total("request_errors", "Requests that were broken, or that the client gave up."),
  econ: total("connection_errors", "Connections to servers that failed."),
  eresp: total("response_errors", "Answers that were broken."),
  wretr: total("retry_warnings", "Connections to servers that were tried again."),
  wredis: total("redispatch_warnings", "Requests that went to another server at last."),
  weight: gauge("weight", "Weight now."),
  act: gauge("active_servers", "Active servers that are up."),
  bck: gauge("backup_servers", "Backup servers that are up."),
  chkfail: total("check_failures", "Checks that failed while the server was up."),
  chkdown: total("check_up_down", "Times that it went down."),
  lastchg: gauge("check_last_change_seconds", "Seconds since it last went up or down."),
  downtime: total("downtime_seconds", "Seconds that it was down."),
  qlimit: gauge("queue_limit", "Requests that may wait; 0 is any number."),
  throttle: gauge(
    "current_throttle",
    "Percentage of its weight that it has while it starts slowly.",
  ),
  lbtot: total("loadbalanced", "Requests given to it by the balancing algorithm."),
  rate_lim: gauge("limit_session_rate", "Sessions a second that may be."),
  rate_max: gauge("max_session_rate", "Most sessions of a second."),
  check_code: gauge("check_code", "Status that the last check got."),
  check_duration: seconds("check_duration", "Time that the last check took."),
  hrsp_1xx: responses("1xx"),
  hrsp_2xx: responses("2xx"),
  hrsp_3xx: responses("3xx"),
  hrsp_4xx: responses("4xx"),
  hrsp_5xx: responses("5xx"),
  hrsp_other: responses("other"),
  req_rate_max: gauge("http_requests_rate_max", "Most requests of a second."),
  req_tot: total("http_requests", "Requests so far."),
  cli_abrt: total("client_aborts", "Transfers that the client gave up."),
  srv_abrt: total("server_aborts", "Transfers that the server gave up."),
  comp_in: total("http_comp_bytes_in", "Bytes given to the compressor."),
  comp_out: total("http_comp_bytes_out", "Bytes that the compressor gave."),
  comp_byp: total("http_comp_bytes_bypassed", "Bytes not compressed for want of CPU or bandwidth."),
  comp_rsp: total("http_comp_responses", "Answers that were compressed."),
  lastsess: gauge("last_session_seconds", "Seconds since the last session; -1 for none so far."),
  qtime: seconds("queue_time_average", "Mean time in the queue, last 1,024 requests."),
  ctime: seconds("connect_time_average", "Mean time to connect, last 1,024 requests."),
  rtime: seconds("response_time_average", "Mean time until the answer began, last 1,024 requests."),
  ttime: seconds("total_time_average", "Mean time of a session, last 1,024 requests."),
  conn_rate_max: gauge("connections_rate_max", "Most connections of a second."),
  conn_tot: total("connections", "Connections so far."),
  intercepted: total("intercepted_requests", "Requests that HAProxy answered itself."),
  dcon: total("denied_connections", "Connections that a rule denied."),
  dses: total("denied_sessions", "Sessions that a rule denied."),
  wrew: total("failed_header_rewriting", "Headers that could not be rewritten."),
  connect: total("connection_attempts", "Connections that were tried."),
  reuse: total("connection_reuses", "Connections that were used again."),
  cache_lookups: total("http_cache_lookups", "Requests looked up in the cache."),
  cache_hits: total("http_cache_hits", "Requests answered by the cache."),
  srv_icur: gauge("idle_connections_current", "Idle connections kept for later."),
  src_ilim: gauge("idle_connections_limit", "Idle connections that may be kept."),
  qtime_max: seconds("max_queue_time", "Longest time in the queue."),
  ctime_max: seconds("max_connect_time", "Longest time to connect."),
  rtime_max: seconds("max_response_time", "Longest time until an answer began."),
  ttime_max: seconds("max_total_time", "Longest time of a session."),
  eint: total("internal_errors", "Errors of HAProxy itself."),
  idle_conn_cur: gauge("unsafe_idle_connections_current", "Idle connections not safe to share."),
  safe_conn_cur: gauge("safe_idle_connections_current", "Idle connections safe to share."),
  used_conn_cur: gauge("used_connections_current", "Connections in use."),
  need_conn_est: gauge("need_connections_current", "Connections that are likely to be needed."),
  uweight: gauge("uweight", "Weight as configured."),
};

const common = "scur smax slim stot bin bout";
const cached = "comp_in comp_out comp_byp comp_rsp cache_lookups cache_hits";
const codes = "hrsp_1xx hrsp_2xx hrsp_3xx hrsp_4xx hrsp_5xx hrsp_other";
const balanced =
  "qcur qmax dresp econ eresp wretr wredis weight chkdown lastchg downtime lbtot rate_max cli_abrt srv_abrt lastsess qtime ctime rtime ttime wrew connect reuse qtime_max ctime_max rtime_max ttime_max eint uweight";

/** Columns that the endpoint shows of each. */
export const columnsOf: Readonly<Record<Scope, readonly string[]>> = {
  frontend:
    `${common} dreq dresp ereq rate_lim rate_max ${codes} req_rate_max req_tot ${cached} conn_rate_max conn_tot intercepted dcon dses wrew eint`.split(
      " ",
    ),
  listener: `${common} dreq dresp ereq dcon dses wrew eint`.split(" "),
  backend: `${common} ${balanced} dreq act bck ${codes} req_tot ${cached}`.split(" "),
  server:
    `${common} ${balanced} chkfail qlimit throttle check_code check_duration ${codes} srv_icur src_ilim idle_conn_cur safe_conn_cur used_conn_cur need_conn_est`.split(
      " ",
    ),
};
