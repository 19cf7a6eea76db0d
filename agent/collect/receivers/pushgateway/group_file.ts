import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { metricTypes } from "#shared/model/metrics.ts";
import type { Group } from "./groups.ts";

const texts = z.lazy(() => z.record(z.string(), z.string()));
/** Version 1. Values are text, because JSON has neither NaN nor infinities. */
const GroupFile = z.lazy(() =>
  z.strictObject({
    version: z.literal(1),
    groups: z.array(
      z.strictObject({
        labels: texts,
        pushedMs: z.number(),
        failedMs: z.number(),
        families: z.array(
          z.strictObject({
            family: z.strictObject({
              name: z.string(),
              type: z.enum(metricTypes),
              help: z.string(),
              unit: z.string(),
            }),
            samples: z.array(z.strictObject({ labels: texts, value: z.string() })),
          }),
        ),
      }),
    ),
  }),
);

const fileName = "groups.json";

/** The groups of the last saveGroups(); none where there is no file. Throws for a file that is not ours. */
export async function loadGroups(folder: string): Promise<Group[]> {
  const file = Bun.file(join(folder, fileName));
  if (!(await file.exists())) return [];
  const { groups } = GroupFile.parse(await file.json());
  return groups.map(({ families, ...group }) => ({
    ...group,
    families: new Map(
      families.map(({ family, samples }) => [
        family.name,
        { family, samples: samples.map(({ labels, value }) => ({ labels, value: Number(value) })) },
      ]),
    ),
  }));
}

/** Replaces the file as a whole. */
export async function saveGroups(folder: string, groups: Iterable<Group>): Promise<void> {
  const content: z.input<typeof GroupFile> = {
    version: 1,
    groups: [...groups].map(({ labels, pushedMs, failedMs, families }) => ({
      labels,
      pushedMs,
      failedMs,
      families: [...families.values()].map(({ family, samples }) => ({
        family: { ...family },
        samples: samples.map((sample) => ({ labels: sample.labels, value: String(sample.value) })),
      })),
    })),
  };
  await mkdir(folder, { recursive: true });
  const path = join(folder, fileName);
  await Bun.write(`${path}.new`, JSON.stringify(content));
  await rename(`${path}.new`, path);
}
