import { z } from "zod";
import { labelText, scalarText } from "#shared/relabel/scalar_text.ts";
import type { TargetGroup } from "./discovery.ts";

/** `{targets: ["host:port"], labels: {k: v}}`: the shape of static_configs, of files and of HTTP answers. */
export const TargetListEntry = z.lazy(() =>
  z.strictObject({
    targets: z.array(scalarText).nullish(),
    labels: z.record(z.string().min(1), labelText).nullish(),
  }),
);

export const TargetList = z.array(TargetListEntry);

/** The group with labels that say where it was found. */
export function groupOf(
  entry: z.output<typeof TargetListEntry>,
  meta: Readonly<Record<string, string>> = {},
): TargetGroup {
  const targets = (entry.targets ?? []).map((address) => ({ __address__: address }));
  return { targets, labels: { ...entry.labels, ...meta } };
}
