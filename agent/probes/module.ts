import { z } from "zod";
import { duration } from "#shared/text/duration.ts";
import type { Probe, Prober } from "./prober.ts";
import { probers } from "./registry.ts";
import { shownParts } from "./shown_module.ts";

/** How to probe: a module of blackbox.yml, checked and bound to its prober. */
export type ProbeModule = {
  readonly prober: string;
  /** Undefined where it has none of its own. */
  readonly timeoutMs: number | undefined;
  /** Of the prober's own schema. */
  readonly options: unknown;
  /** Canonical text: two that are equal probe alike. */
  readonly fingerprint: string;
  /** How the configuration and debug output show it. */
  readonly shown: () => unknown;
  /** What does the probing, loaded when it is first called. */
  readonly load: () => Promise<Probe<unknown>>;
};

/** Its options are of its own schema, which only it knows. */
// oxlint-disable-next-line typescript/no-explicit-any
type AnyProber = Prober<z.ZodType<any>>;

const known: Readonly<Record<string, AnyProber>> = probers;
const names = Object.keys(known);

/** `prober`, `timeout`, and a block named like each prober; that of another prober is checked and not used. */
export const ProbeModule = z
  .strictObject({
    prober: z.string().refine((name) => known[name] !== undefined, {
      error: ({ input }) =>
        `prober '${String(input)}' is not valid: it is one of ${names.join(", ")}`,
    }),
    timeout: duration.optional(),
    ...Object.fromEntries(names.map((name) => [name, known[name]?.config.optional()])),
  })
  .transform((given, context): ProbeModule => {
    const { prober, timeout } = given;
    const chosen = known[prober];
    if (chosen === undefined) return z.NEVER;
    const block: unknown = new Map<string, unknown>(Object.entries(given)).get(prober);
    const options =
      block === undefined ? chosen.config.safeParse({}) : { success: true, data: block };
    for (const issue of "error" in options ? (options.error?.issues ?? []) : [])
      context.addIssue({
        code: "custom",
        path: [prober, ...issue.path],
        message: issue.message,
        input: given,
      });
    if (!options.success) return z.NEVER;
    return {
      prober,
      timeoutMs: timeout === undefined || timeout === 0 ? undefined : timeout,
      options: options.data,
      fingerprint: JSON.stringify([prober, timeout, options.data]),
      shown: () => shownParts(prober, timeout, options.data),
      load: () => chosen.load(),
    };
  });
