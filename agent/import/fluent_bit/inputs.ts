import { addReceiver } from "../common_inlets.ts";
import {
  type KnownFields,
  containerFields,
  fluentSyslogFields,
  forwardedFields,
  journalFields,
  lowerCased,
  namedHere,
} from "../known_fields.ts";
import { sizeText } from "../log_inlets.ts";
import type { Draft, Plan } from "../plan.ts";
import type { Section } from "../section.ts";
import { FluentPipeline, messageKeys } from "./fluent_pipeline.ts";
import { hostMetrics, scrapeInput } from "./metric_inputs.ts";
import type { FluentParsers } from "./parsers.ts";

/** What an input comes to: a source or receiver that still lacks its processors. */
export type Inlet = {
  readonly pipeline: FluentPipeline;
  /** Puts it into the plan, when its processors are known. */
  readonly finish: () => void;
};

type Convert = (input: Section, given: Given) => Inlet | undefined;
type Given = {
  readonly plan: Plan;
  readonly parsers: FluentParsers;
  readonly comment: string;
  /** Keys that the filters and outputs of the input name. */
  readonly asked: ReadonlySet<string>;
};

const positions = "positions stand in the spool, with the lines";
const spooled = "the spool keeps what was not sent yet";

/** Inputs by their names; sorted. */
export const inputs: Readonly<Record<string, Convert>> = {
  cpu: hostMetrics,
  disk: hostMetrics,
  elasticsearch: pushed("elasticsearch", "port", 9_200),
  exec: execInput,
  forward: forwardInput,
  http: pushed("json_logs", "port", 9_880),
  kmsg: (_, given) =>
    sourceOf({ type: "command", command: ["/usr/bin/dmesg", "--follow"] }, given, "msg"),
  mem: hostMetrics,
  netif: hostMetrics,
  node_exporter_metrics: hostMetrics,
  opentelemetry: pushed("otlp", "port", 4_318),
  prometheus_remote_write: pushed("remote_write", "port", 8_080),
  prometheus_scrape: scrapeInput,
  syslog: syslogInput,
  systemd: systemdInput,
  tail: tailInput,
};

function tailInput(input: Section, given: Given): Inlet {
  const { plan, parsers, comment } = given;
  const joining = list(input.text("multiline.parser"));
  const parser = input.text("parser");
  const runtimes = new Set<string>(joining.filter((name) => name === "docker" || name === "cri"));
  const isContainer =
    runtimes.size > 0 ||
    input.flag("docker_mode") === true ||
    (parser !== undefined && ["docker", "cri", "containerd"].includes(parser));
  const pipeline = new FluentPipeline(input.text("key") ?? "log", isContainer);
  const size = input.text("buffer_max_size");
  const source: Draft = {
    type: isContainer ? "container_logs" : "file_logs",
    paths: list(input.text("path")),
    start_at: input.flag("read_from_head") === true ? "beginning" : "end",
  };
  const exclude = list(input.text("exclude_path"));
  if (exclude.length > 0)
    source.exclude = exclude.map((glob) => (glob.includes("/") ? glob : `**/${glob}`));
  for (const [key, option] of [
    ["refresh_interval", "rescan_interval"],
    ["rotate_wait", "rotate_wait"],
  ] as const) {
    const seconds = input.number(key);
    if (seconds !== undefined) source[option] = `${Math.max(1, Math.round(seconds))}s`;
  }
  if (size !== undefined)
    source.line_size_max = Math.max(sizeText(size), isContainer ? 128 * 1_024 : 64);
  tailOptions(input, pipeline);
  if (isContainer && input.has("docker_mode_flush"))
    input.lose(["docker_mode_flush"], "parts are joined as their lines tell");
  const joined = joinedBy(
    input,
    joining.filter((own) => !runtimes.has(own)),
    parsers,
  );
  if (joined !== undefined) source.multiline = joined;
  if (!isContainer) {
    if (parser !== undefined && !parsers.apply(parser, "body", pipeline))
      input.account.takeBack(input.peek("parser") ?? input.node, "no such parser is known");
  }
  return {
    pipeline,
    finish: () => {
      const multiline = pipeline.multiline;
      if (multiline !== undefined && source.multiline === undefined) source.multiline = multiline;
      const processors = isContainer
        ? namedHere(pipeline.processors, containerFields, input, "name")
        : pipeline.processors;
      if (processors.length > 0) source.processors = processors;
      plan.sources.push(plan.commented(source, comment));
    },
  };
}

function tailOptions(input: Section, pipeline: FluentPipeline): void {
  if (input.flag("skip_empty_lines") === true) pipeline.add("drop", { match: "{} |~ `^$`" });
  if (input.flag("skip_long_lines") !== undefined)
    input.differ("skip_long_lines", "a line that is too long is cut");
  input.lose(["path_key"], "the path is the label filename");
  input.lose(["db", "db.sync", "db.locking", "db.journal_mode", "db.compare_filename"], positions);
  input.lose(["mem_buf_limit", "storage.type", "storage.pause_on_chunks_overlimit"], spooled);
  input.lose(
    [
      "buffer_chunk_size",
      "static_batch_size",
      "event_batch_size",
      "threaded",
      "inotify_watcher",
      "progress_check_interval",
    ],
    "files are read in steps of their own",
  );
  input.lose(["ignore_older"], "files are followed whatever their age", "error");
  input.lose(["offset_key"], "provenance: true has it", "error");
  input.lose(["tag_regex"], "paths are taken apart where they are those of containers");
}

/** `multiline.parser`, or the old keys. */
function joinedBy(
  input: Section,
  names: readonly string[],
  parsers: FluentParsers,
): Draft | undefined {
  const flush = input.number("flush_timeout") ?? input.number("multiline_flush");
  const wait =
    flush === undefined ? {} : { flush_timeout: flush < 100 ? `${flush}s` : `${flush}ms` };
  const [first, ...others] = names;
  if (others.length > 0 && !names.every((name) => parsers.joined(name)?.mode === "stack_traces"))
    input.differ("multiline.parser", "lines are joined in one way: the first");
  if (first !== undefined) {
    const joined = parsers.joined(first);
    if (joined !== undefined) return { ...joined, ...wait };
    input.account.takeBack(input.peek("multiline.parser") ?? input.node, "no such parser is known");
  }
  if (input.flag("multiline") !== true) {
    input.lose(["parser_firstline"], "multiline is off");
    return undefined;
  }
  const name = input.text("parser_firstline");
  const start = name === undefined ? undefined : parsers.firstLine(name);
  if (name !== undefined && start !== undefined) {
    parsers.apply(name, "body", new FluentPipeline("log", false));
    return { mode: "start", start, ...wait };
  }
  input.account.takeBack(input.peek("parser_firstline") ?? input.node, "no such parser is known");
  return undefined;
}

/** Texts between commas. */
export function list(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function sourceOf(
  source: Draft,
  { plan, comment }: Given,
  messageKey: string,
  journal?: { readonly section: Section; readonly known: KnownFields },
): Inlet {
  const pipeline = new FluentPipeline(messageKey, false);
  return {
    pipeline,
    finish: () => {
      const processors =
        journal === undefined
          ? pipeline.processors
          : namedHere(pipeline.processors, journal.known, journal.section, "name");
      if (processors.length > 0) source.processors = processors;
      plan.sources.push(plan.commented(source, comment));
    },
  };
}

function systemdInput(input: Section, given: Given): Inlet {
  const filters = input.node.entries.flatMap(({ key, node }) => {
    if (key !== "systemd_filter") return [];
    input.account.carry(node);
    return node.kind === "scalar"
      ? [String(node.value)]
      : node.kind === "list"
        ? node.items.flatMap((item) => (item.kind === "scalar" ? [String(item.value)] : []))
        : [];
  });
  const isOr = input.text("systemd_filter_type")?.toLowerCase() !== "and";
  const folder = input.text("path");
  input.lose(["db", "db.sync"], positions);
  input.lose(["max_entries", "max_fields"], "the journal is read as it comes");
  const isLower = input.flag("lowercase") === true;
  input.lose(["strip_underscores"], "names of fields are without underscores in front");
  return sourceOf(
    {
      type: "journald",
      ...(folder === undefined ? {} : { arguments: [`--directory=${folder}`] }),
      ...(filters.length === 0
        ? {}
        : {
            matches: isOr ? filters.flatMap((one, i) => (i === 0 ? [one] : ["+", one])) : filters,
          }),
      start_at: input.flag("read_from_tail") === true ? "end" : "beginning",
    },
    given,
    isLower ? "message" : "MESSAGE",
    { section: input, known: isLower ? lowerCased(journalFields) : journalFields },
  );
}

function execInput(input: Section, given: Given): Inlet {
  const command = input.text("command");
  if (command === undefined) input.mistakes.add(input.node, "expected a command");
  const seconds = input.number("interval_sec");
  const isOnce = input.flag("oneshot") === true;
  input.lose(
    ["interval_nsec", "buf_size", "exit_after_oneshot", "propagate_exit_code", "threaded"],
    "the command is started again when it has ended",
  );
  const inlet = sourceOf(
    {
      type: "command",
      command: ["/bin/sh", "-c", command ?? "true"],
      ...(isOnce
        ? { restart: "never" }
        : seconds === undefined
          ? {}
          : {
              restart_wait: `${Math.max(1, seconds)}s`,
              restart_wait_max: `${Math.max(1, seconds)}s`,
            }),
    },
    given,
    "exec",
  );
  const parser = input.text("parser");
  if (parser !== undefined && !given.parsers.apply(parser, "body", inlet.pipeline))
    input.account.takeBack(input.peek("parser") ?? input.node, "no such parser is known");
  return inlet;
}

const receiverFields: Readonly<Record<string, KnownFields>> = {
  fluent: forwardedFields,
  syslog: fluentSyslogFields,
};

function receiverOf(
  type: string,
  receiver: Draft,
  input: Section,
  { plan, comment, asked }: Given,
): Inlet {
  const usual = messageKeys[type] ?? ["message"];
  // A key that a filter names is no other field's stand-in for the line.
  const named = usual.filter((key) => asked.has(key));
  const messageKey = named[0] ?? usual[0] ?? "message";
  const pipeline = new FluentPipeline(messageKey, false);
  const keys = [messageKey, ...usual.filter((key) => !named.includes(key))];
  const isUsual = named.length === 0 || type === "syslog" || type === "otlp";
  const known = receiverFields[type];
  return {
    pipeline,
    finish: () =>
      addReceiver(plan, type, {
        receiver: { ...receiver, ...(isUsual ? {} : { message_keys: keys }) },
        processors:
          known === undefined
            ? pipeline.processors
            : namedHere(pipeline.processors, known, input, "name"),
        job: input,
        comment: comment.replace(/^\S+ /, ""),
      }),
  };
}

function tlsOf(input: Section): Draft {
  if (input.flag("tls") !== true) return {};
  const [cert, key] = [input.text("tls.crt_file"), input.text("tls.key_file")];
  input.lose(
    ["tls.verify", "tls.debug", "tls.ca_path", "tls.vhost"],
    "a server's certificate is said by cert_file and key_file",
    "error",
  );
  return {
    tls: {
      ...(cert === undefined ? {} : { cert_file: cert }),
      ...(key === undefined ? {} : { key_file: key }),
    },
  };
}

function forwardInput(input: Section, given: Given): Inlet {
  const key = input.text("shared_key");
  const name = input.text("self_hostname");
  const users = input.node.entries.flatMap(({ key: own, node }) => {
    if (own !== "security.users" || node.kind !== "scalar") return [];
    input.account.carry(node);
    const [username = "", password = ""] = String(node.value).split(/\s+/);
    return [{ username, password }];
  });
  input.lose(["unix_path", "unix_perm"], "sockets of files are not listened at", "error");
  input.lose(["buffer_chunk_size", "buffer_max_size", "mem_buf_limit", "storage.type"], spooled);
  input.lose(["tag_prefix", "empty_shared_key"], "tags stay as they are sent", "error");
  return receiverOf(
    "fluent",
    {
      listen: `${input.text("listen") ?? "0.0.0.0"}:${input.number("port") ?? 24_224}`,
      ...(key === undefined ? {} : { shared_key: key }),
      ...(name === undefined ? {} : { server_name: name }),
      ...(users.length === 0 ? {} : { users }),
      ...tlsOf(input),
    },
    input,
    given,
  );
}

function syslogInput(input: Section, given: Given): Inlet | undefined {
  const mode = (input.text("mode") ?? "unix_udp").toLowerCase();
  if (mode !== "tcp" && mode !== "udp") {
    input.account.takeBack(
      input.node,
      "sockets of files are not listened at; journald has what is sent to /dev/log",
    );
    return undefined;
  }
  const address = `${input.text("listen") ?? "0.0.0.0"}:${input.number("port") ?? 5_140}`;
  const tls = tlsOf(input);
  input.lose(["parser"], "the form of a message is told by itself");
  input.lose(
    [
      "buffer_chunk_size",
      "buffer_max_size",
      "receive_buffer_size",
      "raw_message_key",
      "source_address_key",
    ],
    "messages are taken whole",
  );
  const key = "tls" in tls ? "tls_listen" : mode === "tcp" ? "tcp_listen" : "udp_listen";
  return receiverOf("syslog", { [key]: address, ...tls }, input, given);
}

/** Inputs that are an HTTP server: what is pushed is taken at the agent's own address. */
function pushed(type: string, key: string, port: number): Convert {
  return (input, given) => {
    const address = `${input.text("listen") ?? "0.0.0.0"}:${input.number(key) ?? port}`;
    given.plan.takeListen(address, input, key);
    input.loseRestBut(
      ["name", "tag", "alias"],
      "the agent's own HTTP server is at `listen` (docs/receivers.md has its paths)",
    );
    return receiverOf(type, {}, input, given);
  };
}
