import { allContainers, sizeText } from "../log_inlets.ts";
import {
  type KnownFields,
  containerFields,
  journalFields,
  namedHere,
  vectorFileFields,
} from "../known_fields.ts";
import type { Draft } from "../plan.ts";
import type { Section } from "../section.ts";
import { fluentSource, otlpSource, pushed, syslogSource } from "./receivers.ts";
import { VectorPipeline } from "./vector_pipeline.ts";
import type { ConvertSource, SourceGiven as Given, VectorSource } from "./vector_source.ts";

/** Sources by their types; sorted. */
export const sources: Readonly<Record<string, ConvertSource>> = {
  docker_logs: (source, given) =>
    containers(source, given, "/var/lib/docker/containers/*/*-json.log"),
  exec: execSource,
  file: fileSource,
  fluent: fluentSource,
  host_metrics: hostSource,
  http_server: pushed("json_logs"),
  journald: journalSource,
  kubernetes_logs: (source, given) => containers(source, given, "/var/log/pods/*/*/*.log"),
  opentelemetry: otlpSource,
  prometheus_remote_write: pushed("remote_write"),
  prometheus_scrape: scrapeSource,
  syslog: syslogSource,
};

function sourceOf(
  source: Draft,
  { plan, comment }: Given,
  fields?: { readonly known: KnownFields; readonly section: Section },
): VectorSource {
  const pipeline = new VectorPipeline();
  return {
    pipeline,
    finish: () => {
      const processors =
        fields === undefined
          ? pipeline.processors
          : namedHere(pipeline.processors, fields.known, fields.section, "type");
      if (processors.length > 0) source.processors = processors;
      plan.sources.push(plan.commented(source, comment));
    },
  };
}

function fileOptions(source: Section): Draft {
  const size = source.text("max_line_bytes");
  const startAt = source.text("read_from") ?? "beginning";
  const scan = source.number("glob_minimum_cooldown_ms");
  const wait = source.number("rotate_wait_secs");
  source.lose(
    ["ignore_older_secs", "ignore_older"],
    "files are followed whatever their age",
    "error",
  );
  source.lose(
    ["data_dir", "ignore_checkpoints", "fingerprint", "fingerprinting"],
    "positions stand in the spool; a file is known by its inode and its beginning",
  );
  source.lose(
    [
      "file_key",
      "host_key",
      "offset_key",
      "timestamp_key",
      "ignore_not_found",
      "ignored_header_bytes",
    ],
    "the path is the label filename, the host the label host",
  );
  source.lose(
    [
      "max_read_bytes",
      "oldest_first",
      "remove_after_secs",
      "line_delimiter",
      "internal_metrics",
      "acknowledgements",
    ],
    "files are read in steps of their own, to the end, by lines",
  );
  return {
    start_at: startAt === "end" ? "end" : "beginning",
    ...(size === undefined ? {} : { line_size_max: sizeText(size) }),
    ...(scan === undefined ? {} : { rescan_interval: `${Math.max(10, scan)}ms` }),
    ...(wait === undefined ? {} : { rotate_wait: `${wait}s` }),
  };
}

function fileSource(source: Section, given: Given): VectorSource {
  const exclude = source.texts("exclude") ?? [];
  const encoding = source.section("encoding")?.text("charset");
  return sourceOf(
    {
      type: "file_logs",
      paths: source.texts("include") ?? [],
      ...(exclude.length === 0 ? {} : { exclude }),
      ...fileOptions(source),
      ...(encoding === undefined ? {} : { encoding }),
      ...joined(source.section("multiline")),
    },
    given,
    { known: vectorFileFields, section: source },
  );
}

/** Modes that go by where a record begins. */
function joined(multiline: Section | undefined): Draft {
  if (multiline === undefined) return {};
  const [mode, start, condition] = [
    multiline.text("mode"),
    multiline.text("start_pattern"),
    multiline.text("condition_pattern"),
  ];
  const timeout = multiline.number("timeout_ms");
  const isIndented =
    mode === "continue_through" &&
    condition !== undefined &&
    /^\^?(?:\[\\s\]|\\s|\[ \\t\]|\s)\+?/.test(condition.replace(/^\(/, ""));
  const begins = mode === "halt_before" ? condition : undefined;
  if (begins === undefined && !isIndented) {
    multiline.account.takeBack(
      multiline.node,
      "lines are joined by where a record begins, or by indentation",
    );
    return {};
  }
  if (begins !== undefined && start !== begins)
    multiline.differ("start_pattern", "a record begins where condition_pattern matches");
  if (isIndented) {
    const reason = "lines that begin with a space or tab belong to the one before";
    multiline.differ("condition_pattern", reason);
    multiline.account.takeBack(multiline.peek("start_pattern") ?? multiline.node, reason);
  }
  return {
    multiline: {
      ...(begins === undefined ? { mode: "indented" } : { mode: "start", start: begins }),
      ...(timeout === undefined ? {} : { flush_timeout: `${Math.max(10, timeout)}ms` }),
    },
  };
}

/** Keys that choose among containers. */
const choosing = [
  "exclude_containers",
  "extra_field_selector",
  "extra_label_selector",
  "extra_namespace_label_selector",
  "include_containers",
  "include_images",
  "include_labels",
  "include_paths_glob_patterns",
];

function containers(source: Section, given: Given, path: string): VectorSource {
  const exclude = source.texts("exclude_paths_glob_patterns");
  const options = fileOptions(source);
  source.lose(choosing, "files of all containers on the host are read", "drops");
  source.loseRestBut(["type"], allContainers);
  const size = options.line_size_max;
  return sourceOf(
    {
      type: "container_logs",
      paths: [path],
      ...(exclude === undefined || exclude.length === 0 ? {} : { exclude }),
      ...options,
      ...(typeof size === "number" ? { line_size_max: Math.max(128 * 1_024, size) } : {}),
    },
    given,
    { known: containerFields, section: source },
  );
}

/** A unit by its whole name. */
function unit(name: string): string {
  return /\.[a-z]+$/.test(name) ? name : `${name}.service`;
}

function journalSource(source: Section, given: Given): VectorSource {
  const units = (source.texts("include_units") ?? source.texts("units") ?? []).map(
    (name) => `_SYSTEMD_UNIT=${unit(name)}`,
  );
  const gone = (source.texts("exclude_units") ?? []).map((name) => unit(name));
  const folder = source.text("journal_directory");
  const isBoot = source.flag("current_boot_only") ?? true;
  const fields = source.section("include_matches");
  const matches = (fields?.node.entries ?? []).flatMap(({ key }) =>
    (fields?.texts(key) ?? []).map((value) => `${key}=${value}`),
  );
  const args = [
    ...(isBoot ? ["--boot"] : []),
    ...(folder === undefined ? [] : [`--directory=${folder}`]),
  ];
  source.lose(["exclude_matches"], "matches name what is wanted", "drops");
  source.lose(
    [
      "data_dir",
      "batch_size",
      "journalctl_path",
      "journal_namespace",
      "remap_priority",
      "extra_args",
      "emit_cursor",
      "acknowledgements",
    ],
    "the journal is read by journalctl as it comes",
  );
  const made = sourceOf(
    {
      type: "journald",
      ...(args.length === 0 ? {} : { arguments: args }),
      ...(units.length + matches.length === 0 ? {} : { matches: [...units, ...matches] }),
      start_at: source.flag("since_now") === true ? "end" : "beginning",
    },
    given,
    { known: journalFields, section: source },
  );
  if (gone.length > 0)
    made.pipeline.add("drop", {
      match: `{unit=~"${gone.map((name) => name.replaceAll(".", "[.]")).join("|")}"}`,
    });
  return made;
}

function execSource(source: Section, given: Given): VectorSource {
  const scheduled = source.section("scheduled")?.number("exec_interval_secs");
  const streaming = source.section("streaming");
  const again = streaming?.flag("respawn_on_exit");
  const wait = scheduled ?? streaming?.number("respawn_interval_secs");
  source.lose(["mode"], "the command is started again when it has ended");
  source.lose(["maximum_buffer_size_bytes", "decoding", "framing"], "the output is taken by lines");
  const folder = source.text("working_directory");
  const stderr = source.flag("include_stderr");
  const env = Object.fromEntries(
    source.pairs("environment").map(([name, value]) => [name, value ?? ""]),
  );
  return sourceOf(
    {
      type: "command",
      command: source.texts("command") ?? [],
      ...(Object.keys(env).length === 0 ? {} : { env }),
      ...(folder === undefined ? {} : { working_directory: folder }),
      ...(stderr === undefined ? {} : { include_stderr: stderr }),
      ...(again === false ? { restart: "never" } : {}),
      ...(wait === undefined
        ? {}
        : { restart_wait: `${wait}s`, restart_wait_max: `${Math.max(1, wait)}s` }),
    },
    given,
  );
}

/** The host, under node_exporter's names. */
function hostSource(source: Section, { plan, comment }: Given): undefined {
  const seconds = source.number("scrape_interval_secs");
  source.differ("type", "the host's metrics have node_exporter's names");
  source.loseRest("the source host_metrics has all of its collectors on; see its options", "error");
  const made = {
    type: "host_metrics",
    ...(seconds === undefined ? {} : { interval: `${Math.max(1, seconds)}s` }),
  };
  plan.sources.push(plan.commented(made, comment));
}

function scrapeSource(source: Section, { plan, comment }: Given): undefined {
  const [interval, timeout] = [
    source.number("scrape_interval_secs"),
    source.number("scrape_timeout_secs"),
  ];
  const auth = source.section("auth");
  const strategy = auth?.text("strategy");
  const [user, password, token] = [auth?.text("user"), auth?.text("password"), auth?.text("token")];
  const query = source.section("query");
  const params = Object.fromEntries(
    (query?.node.entries ?? []).map(({ key }) => [key, query?.texts(key) ?? []]),
  );
  const honors = source.flag("honor_labels");
  for (const endpoint of source.texts("endpoints") ?? []) {
    if (!URL.canParse(endpoint)) {
      source.mistakes.add(source.peek("endpoints") ?? source.node, "expected URLs");
      continue;
    }
    const { host, protocol, pathname, username } = new URL(endpoint);
    if (username !== "") source.differ("endpoints", "a user within a URL is left out");
    const job: Draft = {
      job_name: plan.jobName(host),
      ...(interval === undefined ? {} : { scrape_interval: `${interval}s` }),
      ...(timeout === undefined ? {} : { scrape_timeout: `${timeout}s` }),
      ...(pathname === "/metrics" ? {} : { metrics_path: pathname }),
      ...(protocol === "https:" ? { scheme: "https" } : {}),
      ...(Object.keys(params).length === 0 ? {} : { params }),
      ...(honors === undefined ? {} : { honor_labels: honors }),
      ...(strategy === "basic"
        ? { basic_auth: { username: user ?? "", password: password ?? "" } }
        : {}),
      ...(strategy === "bearer" ? { authorization: { credentials: token ?? "" } } : {}),
      static_configs: [{ targets: [host] }],
    };
    plan.scrapeConfigs.push(plan.commented(job, comment));
  }
  source.lose(["instance_tag", "endpoint_tag"], "instance is the target's address", "error");
}
