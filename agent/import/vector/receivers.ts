import { addReceiver } from "../common_inlets.ts";
import { forwardedFields, namedHere, vectorSyslogFields } from "../known_fields.ts";
import { sizeText } from "../log_inlets.ts";
import type { Draft } from "../plan.ts";
import type { Section } from "../section.ts";
import { VectorPipeline } from "./vector_pipeline.ts";
import type { ConvertSource, SourceGiven as Given, VectorSource } from "./vector_source.ts";

function receiverOf(
  type: string,
  receiver: Draft,
  source: Section,
  { plan, comment }: Given,
): VectorSource {
  const pipeline = new VectorPipeline();
  const finish = (): void =>
    addReceiver(plan, type, {
      receiver,
      processors: processorsOf(type, pipeline, source),
      job: source,
      comment: comment.replace(/^\S+ /, ""),
    });
  return { pipeline, finish };
}

/** Keys other than `message` under which a receiver takes a line. */
const lineKeys: Readonly<Record<string, readonly string[]>> = {
  fluent: ["log", "msg", "MESSAGE"],
  json_logs: ["msg", "log"],
};

function processorsOf(type: string, pipeline: VectorPipeline, source: Section): readonly Draft[] {
  const named = fieldsIn(pipeline.processors).filter((name) => lineKeys[type]?.includes(name));
  if (named.length > 0)
    source.differ(
      "type",
      `${named.join(", ")} becomes the line here, which is .message`,
      "unknown",
    );
  if (type !== "fluent") return pipeline.processors;
  return namedHere(pipeline.processors, forwardedFields, source, "type");
}

function fieldsIn(processors: readonly Draft[]): string[] {
  return [...new Set(JSON.stringify(processors).match(/[A-Za-z_]\w*/g))];
}

/** Vector's names of severities and facilities where they are others than ours. */
const otherNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  facility: { security: "audit", console: "alert", "solaris-cron": "clockd" },
  severity: { emergency: "emerg", critical: "crit", error: "err", informational: "info" },
};
const hiddenLabels: Readonly<Record<string, string>> = {
  severity: "__syslog_message_severity",
  source_ip: "__syslog_connection_ip_address",
};

/** A receiver of syslog with the parts of a message that the processors ask for, under Vector's values. */
function syslogReceiver(receiver: Draft, source: Section, { plan, comment }: Given): VectorSource {
  const pipeline = new VectorPipeline();
  const finish = (): void => {
    const processors = [...namedHere(pipeline.processors, vectorSyslogFields, source, "type")];
    const fields = fieldsIn(pipeline.processors);
    const made = Object.keys(hiddenLabels).filter((label) => fields.includes(label));
    const rules: Draft[] = [
      ...made.map((label) => ({
        source_labels: [hiddenLabels[label] ?? ""],
        target_label: label,
      })),
      ...Object.entries(otherNames).flatMap(([label, names]) =>
        fields.includes(label)
          ? Object.entries(names).map(([regex, replacement]) => ({
              source_labels: [label],
              regex,
              target_label: label,
              replacement,
            }))
          : [],
      ),
    ];
    const promoted = pipeline.promoted;
    const beside = made.filter((label) => !promoted.has(label));
    if (beside.length > 0) processors.push({ type: "labels", demote: beside });
    addReceiver(plan, "syslog", {
      receiver: { ...receiver, ...(rules.length === 0 ? {} : { relabel_configs: rules }) },
      processors,
      job: source,
      comment: comment.replace(/^\S+ /, ""),
    });
  };
  return { pipeline, finish };
}

function tlsOf(source: Section): Draft | undefined {
  const tls = source.section("tls");
  if (tls?.flag("enabled") !== true) return undefined;
  const [cert, key, ca] = [tls.text("crt_file"), tls.text("key_file"), tls.text("ca_file")];
  tls.loseRest("a server's certificate is said by cert_file, key_file and client_ca_file", "error");
  return {
    ...(cert === undefined ? {} : { cert_file: cert }),
    ...(key === undefined ? {} : { key_file: key }),
    ...(ca === undefined ? {} : { client_ca_file: ca }),
  };
}

export function syslogSource(source: Section, given: Given): VectorSource | undefined {
  const mode = source.text("mode") ?? "tcp";
  const address = source.text("address");
  const size = source.text("max_length");
  if ((mode !== "tcp" && mode !== "udp") || address === undefined) {
    source.account.takeBack(source.node, "sockets of files are not listened at");
    return undefined;
  }
  const tls = tlsOf(source);
  const limit = source.number("connection_limit");
  source.lose(
    ["host_key", "keepalive", "receive_buffer_bytes", "path"],
    "the sender is the label host",
  );
  return syslogReceiver(
    {
      [tls === undefined ? `${mode}_listen` : "tls_listen"]: address,
      ...(tls === undefined ? {} : { tls }),
      ...(size === undefined ? {} : { line_size_max: sizeText(size) }),
      ...(limit === undefined ? {} : { connections_max: limit }),
    },
    source,
    given,
  );
}

export function fluentSource(source: Section, given: Given): VectorSource {
  const tls = tlsOf(source);
  const limit = source.number("connection_limit");
  source.lose(
    ["keepalive", "receive_buffer_bytes", "acknowledgements", "mode"],
    "chunks are acknowledged when the spool has them",
  );
  const receiver = {
    listen: source.text("address") ?? "0.0.0.0:24224",
    ...(tls === undefined ? {} : { tls }),
    ...(limit === undefined ? {} : { connections_max: limit }),
  };
  return receiverOf("fluent", receiver, source, given);
}

/** What is pushed over HTTP is taken at the agent's own address. */
export function pushed(type: string): ConvertSource {
  return (source, given) => {
    const address = source.text("address");
    if (address !== undefined) given.plan.takeListen(address, source, "address");
    source.loseRestBut(
      ["type"],
      "the agent's own HTTP server is at `listen` (docs/receivers.md has its paths)",
    );
    return receiverOf(type, {}, source, given);
  };
}

export function otlpSource(source: Section, given: Given): VectorSource {
  const grpc = source.section("grpc");
  const http = source.section("http");
  const address = grpc?.text("address");
  const other = http?.text("address");
  if (http !== undefined && other !== undefined) given.plan.takeListen(other, http, "address");
  for (const own of [grpc, http])
    own?.loseRest("the ports take OTLP without TLS, with limits of their own", "error");
  return receiverOf("otlp", address === undefined ? {} : { grpc_listen: address }, source, given);
}
