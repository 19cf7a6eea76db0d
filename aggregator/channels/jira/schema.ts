import { z } from "zod";
import { duration } from "#shared/text/duration.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** A template, or a template and whether it changes an issue that is there. */
const field = (initial: string) =>
  z
    .union([
      z.string().transform((template) => ({ template, enable_update: true })),
      z.strictObject({ template: templated(initial), enable_update: z.boolean().default(true) }),
    ])
    .prefault({});

/** An element of `jira_configs`. */
export const JiraConfig = z.strictObject({
  ...httpShape(true),
  ...chartShape(false),
  api_url: z.url().optional(),
  /** Which search the server has. `auto` is cloud for hosts of atlassian.net. */
  api_type: z.enum(["auto", "cloud", "datacenter"]).default("auto"),
  project: templated().refine((key) => key !== "", "missing project"),
  issue_type: templated().refine((type) => type !== "", "missing issue_type"),
  summary: field('{{ template "jira.default.summary" . }}'),
  description: field('{{ template "jira.default.description" . }}'),
  labels: z.array(templated()).default([]),
  priority: templated('{{ template "jira.default.priority" . }}'),
  reopen_transition: z.string().default(""),
  resolve_transition: z.string().default(""),
  /** Issues with this resolution stay closed. */
  wont_fix_resolution: z.string().default(""),
  /** An issue that was resolved longer ago is left, and a new one made. */
  reopen_duration: duration.prefault("0s"),
  /** Other fields, as Jira's API takes them; texts are templates. */
  fields: z.record(z.string(), z.unknown()).default({}),
});
export type JiraConfig = z.output<typeof JiraConfig>;
