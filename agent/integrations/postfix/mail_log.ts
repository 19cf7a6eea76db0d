type Processor = Readonly<Record<string, unknown>> & { readonly type: string };

/** Buckets of times and sizes as in github.com/kumina/postfix_exporter, whose names the series have. */
const times = [1e-3, 1e-2, 1e-1, 1, 10, 60, 3_600, 86_400, 172_800];
const messageSizes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const recipients = [1, 2, 4, 8, 16, 32, 64, 128];

const own = ["job", "instance"];
const queueId = String.raw`^(?P<queue_id>[0-9A-Za-z]+): `;
const tlsFields = ["trust", "protocol", "cipher", "secret_bits", "algorithm_bits"];
const tls = (preposition: "from" | "to") =>
  String.raw`^(?P<trust>\S+) TLS connection established ${preposition} \S+: (?P<protocol>\S+) with cipher (?P<cipher>\S+) \((?P<secret_bits>\d+)/(?P<algorithm_bits>\d+) bits\)`;

/**
 * What is made of messages of Postfix's programs: `service` (smtpd, qmgr, smtp ...), `queue_id`, and of deliveries `status`, `dsn`, `relay` and
 * `delay` become attributes; warnings, refusals and failed deliveries get a severity; and all is counted where that is wanted.
 */
export function mailLogProcessors(hasMetrics: boolean): Processor[] {
  const counted = (...metrics: Readonly<Record<string, unknown>>[]): Processor[] =>
    hasMetrics ? [{ type: "metrics", metrics }] : [];
  return [
    { type: "regex", from: "syslog_identifier", pattern: "(?P<service>[^/]+)$" },
    {
      type: "severity",
      match: '{} |~ "^(?:\\\\w+: )?(?:warning|error|fatal|panic|reject|milter-reject): "',
      from: "body",
      pattern: String.raw`^(?:\w+: )?(warning|error|fatal|panic|reject|milter-reject): `,
      values: { reject: "warn", "milter-reject": "warn" },
    },
    group("smtp|lmtp|pipe|local|virtual|error|retry|discard", deliveries(counted, hasMetrics)),
    group("qmgr", queueManager(counted)),
    group("cleanup", cleanup(counted)),
    group("smtpd", smtpServer(counted)),
  ];
}

type Counted = (...metrics: Readonly<Record<string, unknown>>[]) => Processor[];

function group(services: string, processors: readonly Processor[]): Processor {
  return { type: "group", match: `{} | service=~"${services}"`, processors };
}

function deliveries(counted: Counted, hasMetrics: boolean): Processor[] {
  return [
    {
      type: "regex",
      match: '{} |= ", status="',
      pattern: String.raw`${queueId}to=.*, relay=(?P<relay>[^,\[]+).*, delay=(?P<delay>[\d.]+), delays=(?P<delay_a>[\d.]+)/(?P<delay_b>[\d.]+)/(?P<delay_c>[\d.]+)/(?P<delay_d>[\d.]+), dsn=(?P<dsn>[\d.]+), status=(?P<status>[\w-]+)`,
    },
    {
      type: "severity",
      match: '{} | status=~"deferred|bounced|expired|undeliverable"',
      from: "status",
      values: { deferred: "warn", bounced: "warn", expired: "warn", undeliverable: "warn" },
    },
    {
      type: "regex",
      match: '{} | service="smtp" |= " TLS connection established to "',
      pattern: tls("to"),
    },
    ...counted(
      {
        name: "postfix_deliveries_total",
        help: "Attempts to deliver to a recipient, by program and outcome.",
        labels: [...own, "service", "status"],
        match: '{} | status!=""',
      },
      {
        name: "postfix_smtp_status_deferred",
        help: "Deliveries by SMTP that were put off.",
        labels: own,
        match: '{} | service="smtp" | status="deferred"',
      },
      {
        name: "postfix_smtp_connection_timed_out_total",
        help: "Connections to other servers that timed out.",
        labels: own,
        match: '{} | service="smtp" |~ "^connect to .*: Connection timed out$"',
      },
      {
        name: "postfix_smtp_tls_connections_total",
        help: "Connections to other servers with TLS.",
        labels: [...own, ...tlsFields],
        match: '{} | service="smtp" | trust!=""',
      },
    ),
    ...(hasMetrics ? [stages()] : []),
    {
      type: "labels",
      match: '{} | delay_a!=""',
      remove_attributes: ["delay_a", "delay_b", "delay_c", "delay_d"],
    },
  ];
}

/** Each delivery is four observations, told apart by the label `stage`. */
function stages(): Processor {
  const parts = [
    ["before_queue_manager", "delay_a"],
    ["queue_manager", "delay_b"],
    ["connection_setup", "delay_c"],
    ["transmission", "delay_d"],
  ] as const;
  const observations = parts.flatMap(([stage, value]): Processor[] => [
    { type: "format", to: "stage", template: stage },
    {
      type: "metrics",
      metrics: [
        delays("smtp", [], value),
        delays("lmtp", [], value),
        delays("pipe", ["relay"], value),
      ],
    },
  ]);
  return {
    type: "group",
    match: '{} | service=~"smtp|lmtp|pipe" | delay_a!=""',
    processors: [...observations, { type: "labels", remove_attributes: ["stage"] }],
  };
}

function delays(
  service: string,
  labels: readonly string[],
  value: string,
): Readonly<Record<string, unknown>> {
  return {
    name: `postfix_${service}_delivery_delay_seconds`,
    kind: "histogram",
    help: "Time that a delivery took, by stage.",
    labels: [...own, ...labels, "stage"],
    buckets: times,
    value,
    match: `{} | service="${service}"`,
  };
}

function queueManager(counted: Counted): Processor[] {
  return [
    {
      type: "regex",
      match: '{} |= ", nrcpt="',
      pattern: String.raw`${queueId}from=.*, size=(?P<size>\d+), nrcpt=(?P<recipients>\d+) `,
    },
    { type: "regex", match: '{} |~ "^\\\\w+: removed$"', pattern: queueId },
    ...counted(
      {
        name: "postfix_qmgr_messages_inserted_size_bytes",
        kind: "histogram",
        help: "Sizes of messages that came into the queue.",
        buckets: messageSizes,
        value: "size",
        labels: own,
        match: '{} | size!=""',
      },
      {
        name: "postfix_qmgr_messages_inserted_receipients",
        kind: "histogram",
        help: "Recipients of messages that came into the queue.",
        buckets: recipients,
        value: "recipients",
        labels: own,
        match: '{} | recipients!=""',
      },
      {
        name: "postfix_qmgr_messages_removed_total",
        help: "Messages that were taken out of the queue, done with.",
        labels: own,
        match: '{} |~ "^\\\\w+: removed$"',
      },
    ),
  ];
}

function cleanup(counted: Counted): Processor[] {
  return [
    { type: "regex", match: '{} |= ": message-id="', pattern: queueId },
    ...counted(
      {
        name: "postfix_cleanup_messages_processed_total",
        help: "Messages that came through cleanup.",
        labels: own,
        match: '{} |= ": message-id=<"',
      },
      {
        name: "postfix_cleanup_messages_rejected_total",
        help: "Messages that cleanup refused.",
        labels: own,
        match: '{} |= ": reject: "',
      },
    ),
  ];
}

function smtpServer(counted: Counted): Processor[] {
  return [
    {
      type: "regex",
      match: '{} |= ": client="',
      pattern: String.raw`${queueId}client=[^,]*(?:, sasl_method=(?P<sasl_method>[^,]+))?`,
    },
    {
      type: "regex",
      match: '{} |= ": reject: "',
      pattern: String.raw`^NOQUEUE: reject: \w+ from [^:]*(?::[^:]*)?: (?P<code>\d{3}) `,
    },
    {
      type: "regex",
      match: '{} |= "lost connection after "',
      pattern: String.raw`^lost connection after (?P<after_stage>\w+) `,
    },
    { type: "regex", match: '{} |= " TLS connection established from "', pattern: tls("from") },
    ...counted(
      ...[
        ["connects_total", "Connections of clients.", "^connect from "],
        ["disconnects_total", "Connections of clients that ended.", "^disconnect from "],
        [
          "forward_confirmed_reverse_dns_errors_total",
          "Clients whose name does not lead back to their address.",
          "^warning: hostname \\\\S+ does not resolve to address ",
        ],
        [
          "sasl_authentication_failures_total",
          "Log-ins of clients that failed.",
          "^warning: \\\\S+: SASL \\\\S+ authentication failed",
        ],
      ].map(([name, help, pattern]) => ({
        name: `postfix_smtpd_${name}`,
        help,
        labels: own,
        match: `{} |~ "${pattern}"`,
      })),
      {
        name: "postfix_smtpd_messages_processed_total",
        help: "Messages taken from clients, by how these had logged in.",
        labels: [...own, "sasl_method"],
        match: '{} |= ": client="',
      },
      {
        name: "postfix_smtpd_messages_rejected_total",
        help: "Refusals to clients, by code.",
        labels: [...own, "code"],
        match: '{} | code!=""',
      },
      {
        name: "postfix_smtpd_connections_lost_total",
        help: "Connections that clients dropped, by the last command.",
        labels: [...own, "after_stage"],
        match: '{} | after_stage!=""',
      },
      {
        name: "postfix_smtpd_tls_connections_total",
        help: "Connections of clients with TLS.",
        labels: [...own, ...tlsFields],
        match: '{} | trust!=""',
      },
    ),
  ];
}
