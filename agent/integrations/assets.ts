import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Board } from "#shared/dashboards/board.ts";

const Rules = z.strictObject({
  groups: z
    .array(
      z.strictObject({
        name: z.string(),
        interval: z.string().optional(),
        rules: z
          .array(
            z.union([
              z.strictObject({
                alert: z.string().regex(/^[A-Z][A-Za-z0-9]+$/),
                expr: z.string(),
                for: z.string().optional(),
                keep_firing_for: z.string().optional(),
                labels: z.object({ severity: z.enum(["critical", "warning", "info"]) }),
                annotations: z.object({ summary: z.string(), description: z.string() }),
              }),
              z.strictObject({
                record: z.string(),
                expr: z.string(),
                labels: z.object({}).optional(),
              }),
            ]),
          )
          .min(1),
      }),
    )
    .min(1),
});

/** Sloth's prometheus/v1. */
const Slo = z.strictObject({
  version: z.literal("prometheus/v1"),
  service: z.string(),
  labels: z.record(z.string(), z.string()).optional(),
  slos: z
    .array(
      z.strictObject({
        name: z.string(),
        objective: z.number().gt(0).lt(100),
        description: z.string(),
        labels: z.record(z.string(), z.string()).optional(),
        sli: z.union([
          z.strictObject({
            events: z.strictObject({ error_query: z.string(), total_query: z.string() }),
          }),
          z.strictObject({ raw: z.strictObject({ error_ratio_query: z.string() }) }),
        ]),
        alerting: z.looseObject({ name: z.string() }),
      }),
    )
    .min(1),
});

/** What an integration brings besides code. */
export type IntegrationAssets = {
  readonly board: Board;
  readonly rules: z.output<typeof Rules>;
  readonly slo: z.output<typeof Slo>;
};

export const assetFiles = {
  dashboard: "dashboard.yaml",
  rules: "rules.yaml",
  slo: "slo.yaml",
} as const;

/** Where the integration of this name lies, run from source: the compiled agent carries no assets. */
export function integrationFolder(name: string): string {
  return join(import.meta.dir, name);
}

/** Of the files in an integration's folder. Throws where one of them is not there, or not of its form. */
export function readAssets(folder: string): IntegrationAssets {
  return {
    board: readBoard(folder),
    rules: Rules.parse(read(folder, assetFiles.rules)),
    slo: Slo.parse(read(folder, assetFiles.slo)),
  };
}

/** The dashboard alone. Throws as readAssets() does. */
export function readBoard(folder: string): Board {
  return Board.parse(read(folder, assetFiles.dashboard));
}

function read(folder: string, file: string): unknown {
  return Bun.YAML.parse(readFileSync(join(folder, file), "utf8"));
}

/** Names of the alerts among the rules, in their order. */
export function alertNames({ rules }: IntegrationAssets): string[] {
  return rules.groups.flatMap((group) =>
    group.rules.flatMap((rule) => ("alert" in rule ? rule.alert : [])),
  );
}
