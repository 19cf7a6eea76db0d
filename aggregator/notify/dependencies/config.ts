import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { parseMatchers } from "../routing/parse_matchers.ts";
import { Topology } from "./topology.ts";

const labelName = z
  .string()
  .regex(/^[a-zA-Z_]\w*$/, { error: "expected the name of a label such as instance" });

const matchers = z.string().superRefine((text, context) => {
  try {
    if (parseMatchers(text).length > 0) return;
    context.addIssue({ code: "custom", message: 'expected matchers such as alertname="HostDown"' });
  } catch (thrown) {
    context.addIssue({ code: "custom", message: messageOf(thrown) });
  }
});

/** `alertmanager.dependencies`: alerts of what lies on or behind something that is down are inhibited by the alert that says so. */
export const DependenciesConfig = z
  .strictObject({
    enabled: z.boolean().default(true),
    /** Alerts that match all matchers of one entry say that a host is down. */
    host_down: z.array(matchers).default(['alertname="HostDown"']),
    /** The same for a target: the label `instance` names it. */
    target_down: z.array(matchers).default([]),
    /** Labels whose values name a host, with or without a port. Of an alert that says that a host is down, the first one counts. */
    labels: z.array(labelName).min(1).default(["host", "instance"]),
    /** Hosts that can be reached only by way of another one, such as a switch. `*` in a name is any text. */
    behind: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          hosts: z.array(z.string().min(1)).min(1),
        }),
      )
      .default([]),
  })
  .superRefine(({ behind }, context) => {
    const topology = new Topology(behind);
    for (const [i, { name }] of behind.entries()) {
      const circle = topology.circleOf(name);
      if (circle === undefined) continue;
      const message = `${circle.join(" is behind ")}: expected no circle`;
      context.addIssue({ code: "custom", message, path: ["behind", i, "name"] });
    }
  });
export type DependenciesConfig = z.output<typeof DependenciesConfig>;
