import type { LogsBatch } from "#shared/model/logs.ts";

/** Attributes that tell where a record comes from. */
export const provenanceNames = {
  agent: "lapwing_agent",
  config: "lapwing_config",
  file: "lapwing_file",
  offset: "lapwing_offset",
} as const;

/** The batch with agent and version of the source's configuration among the attributes of each record. */
export function withProvenance(batch: LogsBatch, agent: string, config: string): LogsBatch {
  const own = { [provenanceNames.agent]: agent, [provenanceNames.config]: config };
  const attributes = Array.from(batch.bodyEnds, (_, i) => ({ ...batch.attributes?.[i], ...own }));
  return { ...batch, attributes };
}
