import type { Plan } from "../plan.ts";
import type { Section } from "../section.ts";
import type { VectorPipeline } from "./vector_pipeline.ts";

/** What a source comes to: a source or receiver of ours that still lacks its processors. */
export type VectorSource = {
  readonly pipeline: VectorPipeline;
  /** Puts it into the plan, when its processors are known. */
  readonly finish: () => void;
};
export type SourceGiven = { readonly plan: Plan; readonly comment: string };
export type ConvertSource = (source: Section, given: SourceGiven) => VectorSource | undefined;
