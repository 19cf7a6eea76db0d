import { z } from "zod";
import { ProbeTls, SearchRegex, SourceAddress, ipShape } from "../net/options.ts";
import { dnsClasses, dnsCodes, dnsTypes } from "./numbers.ts";

const Validator = z.strictObject({
  fail_if_matches_regexp: z.array(SearchRegex).default([]),
  fail_if_all_match_regexp: z.array(SearchRegex).default([]),
  fail_if_not_matches_regexp: z.array(SearchRegex).default([]),
  fail_if_none_matches_regexp: z.array(SearchRegex).default([]),
});
export type RecordValidator = z.output<typeof Validator>;

function knownIn(names: Readonly<Record<string, number>>, what: string) {
  return z.string().refine((name) => names[name] !== undefined, {
    error: ({ input }) => `"${String(input)}" is not a ${what}`,
  });
}

export const DnsProbe = z
  .strictObject({
    ...ipShape,
    source_ip_address: SourceAddress.optional(),
    /** https (RFC 8484) is ours; the target is then a URL, or a host whose path is /dns-query. */
    transport_protocol: z.enum(["udp", "tcp", "https"]).default("udp"),
    dns_over_tls: z.boolean().default(false),
    tls_config: ProbeTls.prefault({}),
    query_name: z.string().min(1, "must be set"),
    query_type: knownIn(dnsTypes, "type of DNS").default("ANY"),
    query_class: knownIn(dnsClasses, "class of DNS").default("IN"),
    recursion_desired: z.boolean().default(true),
    valid_rcodes: z.array(knownIn(dnsCodes, "response code of DNS")).default(["NOERROR"]),
    validate_answer_rrs: Validator.prefault({}),
    validate_authority_rrs: Validator.prefault({}),
    validate_additional_rrs: Validator.prefault({}),
  })
  .refine((dns) => !dns.dns_over_tls || dns.transport_protocol === "tcp", {
    path: ["dns_over_tls"],
    error: "needs transport_protocol: tcp",
  });
export type DnsProbe = z.output<typeof DnsProbe>;
