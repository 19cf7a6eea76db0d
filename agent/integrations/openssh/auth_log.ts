type Processor = Readonly<Record<string, unknown>> & { readonly type: string };

const own = ["job", "instance"];

/**
 * "Failed password for invalid user admin from 192.0.2.7 port 2222 ssh2". What the client chose, the name, stands before what sshd tells: the last
 * "from ... port ..." counts, so that a name can't pass for an address.
 */
const outcome = String.raw`^(?P<outcome>Accepted|Failed) (?P<method>[a-z-]+)(?:/[a-z]+)? for (?P<invalid_user>invalid user )?(?P<user>.*) from (?P<address>[0-9a-fA-F.:]+(?:%\w+)?) port (?P<port>\d+)`;

/** Why someone was turned away, or went, before any password was wrong. The words become the value of the label. */
const reasons = [
  "^Invalid user",
  "^Unable to negotiate",
  "^Timeout before authentication",
  "^Bad protocol version identification",
  "^banner exchange",
  "^drop connection",
  "^refused connect",
  "^(?:Connection (?:closed|reset)|Disconnected) (?:by|from) (?:authenticating|invalid) user",
  "^(?:error: )?maximum authentication attempts exceeded",
  "not allowed because",
].join("|");

/** For lines of sshd: who came in and how, who did not and why, as attributes and as series. */
export const authLogProcessors: readonly Processor[] = [
  { type: "regex", match: '{} |~ "^(?:Accepted|Failed) "', pattern: outcome },
  {
    type: "group",
    match: '{} | outcome!=""',
    processors: [
      { type: "format", to: "outcome", template: "{{ lower .outcome }}" },
      {
        type: "format",
        to: "invalid_user",
        template: '{{ if eq .invalid_user "invalid user " }}true{{ end }}',
      },
      {
        type: "severity",
        match: '{} | outcome="failed"',
        from: "outcome",
        values: { failed: "warn" },
      },
      {
        type: "metrics",
        metrics: [
          {
            name: "openssh_authentications_total",
            help: "Attempts to log in, by outcome, method, and whether there is no such user.",
            labels: [...own, "outcome", "method", "invalid_user"],
          },
          {
            name: "openssh_logins_total",
            help: "Log-ins, by user and method.",
            labels: [...own, "user", "method"],
            match: '{} | outcome="accepted"',
          },
        ],
      },
    ],
  },
  { type: "regex", match: `{} | outcome="" |~ \`${reasons}\``, pattern: `(?P<reason>${reasons})` },
  {
    type: "group",
    match: '{} | reason!=""',
    processors: [
      {
        type: "format",
        to: "reason",
        template: '{{ .reason | lower | replace "error: " "" | replace " " "_" }}',
      },
      {
        type: "metrics",
        metrics: [
          {
            name: "openssh_refusals_total",
            help: "Connections that ended before a log-in was tried or done, by reason.",
            labels: [...own, "reason"],
          },
        ],
      },
    ],
  },
  {
    type: "severity",
    match: '{} |~ "^(?:error|fatal): "',
    from: "body",
    pattern: "^(error|fatal): ",
  },
  {
    type: "metrics",
    metrics: [
      {
        name: "openssh_sessions_opened_total",
        help: "Sessions that were opened (by PAM).",
        labels: own,
        match: '{} |= "session opened for user "',
      },
      {
        name: "openssh_sessions_closed_total",
        help: "Sessions that were closed (by PAM).",
        labels: own,
        match: '{} |= "session closed for user "',
      },
    ],
  },
];
