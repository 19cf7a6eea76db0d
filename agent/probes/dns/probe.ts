import { OperatingError, messageOf } from "#shared/errors.ts";
import { gauge } from "../../collect/samples/family.ts";
import { chooseAddress, splitHostPort } from "../net/resolve.ts";
import type { Probe, ProbeContext } from "../prober.ts";
import { type Reply, askHttps, askTcp, askUdp } from "./ask.ts";
import type { DnsProbe, RecordValidator } from "./config.ts";
import { type DnsRecord, decodeMessage, encodeQuery } from "./message.ts";
import { codeName, dnsClasses, dnsTypes } from "./numbers.ts";
import { recordText, soaSerial } from "./record_text.ts";

const duration = gauge("probe_dns_duration_seconds", "Duration of DNS request by phase", ["phase"]);
const answerCount = gauge(
  "probe_dns_answer_rrs",
  "Returns number of entries in the answer resource record list",
);
const authorityCount = gauge(
  "probe_dns_authority_rrs",
  "Returns number of entries in the authority resource record list",
);
const additionalCount = gauge(
  "probe_dns_additional_rrs",
  "Returns number of entries in the additional resource record list",
);
const querySucceeded = gauge(
  "probe_dns_query_succeeded",
  "Displays whether or not the query was executed successfully",
);
const serial = gauge("probe_dns_serial", "Returns the serial number of the zone");

/** A question to a name server, and whether its answer is as it should be (prober/dns.go). */
export const probeDns: Probe<DnsProbe> = async (options, context) => {
  const { gauges, notes } = context;
  for (const phase of ["resolve", "connect", "request"]) gauges.register(duration, phase);
  for (const family of [answerCount, authorityCount, additionalCount, querySucceeded])
    gauges.register(family);
  const query = encodeQuery({
    id: Math.floor(Math.random() * 65_536),
    name: options.query_name,
    type: dnsTypes[options.query_type] ?? 255,
    class: dnsClasses[options.query_class] ?? 1,
    isRecursive: options.recursion_desired,
  });
  const { ask, name } = transportOf(options, context);
  const { address, seconds } = await chooseAddress(name, options, context);
  gauges.plus(duration, seconds, "resolve");
  notes.debug("Making DNS query", { query: options.query_name, type: options.query_type });
  const startMs = performance.now();
  let reply: Reply;
  try {
    reply = await ask(query, address);
  } catch (thrown) {
    gauges.set(duration, (performance.now() - startMs) / 1_000, "request");
    notes.error("Error while sending a DNS query", { err: messageOf(thrown) });
    return false;
  }
  gauges.set(duration, reply.connectSeconds, "connect");
  gauges.set(duration, reply.requestSeconds, "request");
  return judge(reply.message, options, context);
};

type Transport = {
  readonly name: string;
  readonly ask: (query: Buffer, address: string) => Promise<Reply>;
};

function transportOf(options: DnsProbe, context: ProbeContext): Transport {
  const { target, deadline } = context;
  if (options.transport_protocol === "https") {
    const written = target.includes("://") ? target : `https://${target}/dns-query`;
    if (!URL.canParse(written) || !written.startsWith("https://"))
      throw new OperatingError("bad_request", `"${target}" is not an https URL`);
    const url = new URL(written);
    return {
      name: url.hostname,
      ask: (query, address) => askHttps(query, url, address, options, context),
    };
  }
  const place = splitHostPort(target) ?? { host: target, port: options.dns_over_tls ? 853 : 53 };
  const server = (address: string) => ({ address, port: place.port, name: place.host });
  return {
    name: place.host,
    ask: (query, address) =>
      options.transport_protocol === "tcp"
        ? askTcp(query, server(address), options, deadline)
        : askUdp(query, server(address), options.source_ip_address, deadline),
  };
}

function judge(bytes: Uint8Array, options: DnsProbe, { gauges, notes }: ProbeContext): boolean {
  const message = decodeMessage(bytes);
  gauges.set(answerCount, message.answers.length);
  gauges.set(authorityCount, message.authorities.length);
  gauges.set(additionalCount, message.additionals.length);
  gauges.set(querySucceeded, 1);
  if (options.query_type === "SOA") {
    gauges.register(serial);
    for (const record of message.answers) {
      const found = soaSerial(record);
      if (found !== undefined) gauges.set(serial, found);
    }
  }
  const code = codeName(message.code);
  if (!options.valid_rcodes.includes(code)) {
    const valid_rcodes = options.valid_rcodes.join(" ");
    notes.error("Rcode is not one of the valid rcodes", { rcode: code, valid_rcodes });
    return false;
  }
  const sections = [
    ["Answer", message.answers, options.validate_answer_rrs],
    ["Authority", message.authorities, options.validate_authority_rrs],
    ["Additional", message.additionals, options.validate_additional_rrs],
  ] as const;
  for (const [section, records, validator] of sections) {
    const fault = faultOf(records, validator);
    if (fault === undefined) continue;
    notes.error(`${section} RRs validation failed`, { err: fault });
    return false;
  }
  return true;
}

/** What is wrong with a section's records, by the exporter's rules (its "fail if all match" fails, in fact, if not all do); undefined where nothing is. */
export function faultOf(
  records: readonly DnsRecord[],
  validator: RecordValidator,
): string | undefined {
  const {
    fail_if_matches_regexp: bad,
    fail_if_all_match_regexp: allBad,
    fail_if_not_matches_regexp: good,
    fail_if_none_matches_regexp: someGood,
  } = validator;
  if (records.length === 0 && good.length + someGood.length > 0)
    return "a match is asked for, and no RRs were returned";
  const regexes = bad.length + allBad.length + good.length + someGood.length;
  if (regexes === 0) return undefined;
  const texts = records.map(recordText);
  for (const text of texts) {
    const matched = bad.find((regex) => regex.test(text));
    if (matched !== undefined) return `"${text}" matches "${matched.source}"`;
    const unmatched = good.find((regex) => !regex.test(text));
    if (unmatched !== undefined) return `"${text}" does not match "${unmatched.source}"`;
  }
  if (allBad.length > 0 && !texts.every((text) => allBad.every((regex) => regex.test(text))))
    return "not all RRs matched";
  if (someGood.length > 0 && !texts.some((text) => someGood.some((regex) => regex.test(text))))
    return "no RR matches";
  return undefined;
}
