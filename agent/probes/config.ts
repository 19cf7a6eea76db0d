import { z } from "zod";
import { duration } from "#shared/text/duration.ts";
import { Cidr } from "./net/address_guard.ts";
import { ProbeModule } from "./module.ts";
import { LabelMatcher } from "./label_matcher.ts";

const positive = duration.refine((ms) => ms > 0, "must be above 0");
const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label name");

const Vantages = z.strictObject({
  /** Names of agents. */
  agents: z.array(z.string().min(1)).optional(),
  /** Conditions on labels of agents, all of which must hold: `region=~"eu-.*"`. */
  match: z.array(LabelMatcher).optional(),
});
export type Vantages = z.output<typeof Vantages>;

const Check = z.strictObject({
  /** Label `probe` of its series. */
  name: z.string().min(1),
  module: z.string().min(1),
  targets: z.array(z.string().min(1)).min(1).max(10_000),
  interval: positive.prefault("30s"),
  job: z.string().min(1).default("probe"),
  labels: z.record(labelName, z.string()).default({}),
  /** Which agents run it; all of them without. Those that are named, and of those the ones that match. */
  vantages: Vantages.default({}),
  /** Addresses that it must not reach: none without. */
  forbid: z.array(Cidr).default([]),
});
export type ProbeCheck = z.output<typeof Check>;

/** Probes from outside: modules as the blackbox exporter has them, and what is probed without being asked. */
export const ProbesConfig = z
  .strictObject({
    modules: z.record(z.string().min(1), ProbeModule).default({}),
    /** Addresses that probes asked for over HTTP must not reach, beside loopback, link-local and metadata ones; `allow` wins. */
    forbid: z.array(Cidr).default([]),
    allow: z.array(Cidr).default([]),
    /** Paths of Unix sockets that probes asked for over HTTP may reach. */
    allow_sockets: z.array(z.string().startsWith("/", "expected an absolute path")).default([]),
    /** How much earlier than its scrape a probe ends, as --timeout-offset of the exporter. */
    timeout_offset: duration.prefault("500ms"),
    /** Probes asked for over HTTP that run at a time; more are refused with 503. */
    running_max: z.int().positive().default(200),
    checks: z.array(Check).default([]),
  })
  .superRefine((probes, context) => {
    const seen = new Set<string>();
    for (const [i, { name, module }] of probes.checks.entries()) {
      const fault = (key: string, message: string) =>
        context.addIssue({ code: "custom", path: ["checks", i, key], message, input: probes });
      if (seen.has(name)) fault("name", `check "${name}" is there twice`);
      seen.add(name);
      if (probes.modules[module] === undefined) fault("module", `no module "${module}"`);
    }
  });
export type ProbesConfig = z.output<typeof ProbesConfig>;
