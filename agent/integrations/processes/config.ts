import { z } from "zod";
import { type LinearRegex, searchingRegex } from "#shared/text/linear_regex.ts";

const pattern = z.string().transform((text, context): LinearRegex => {
  try {
    return searchingRegex(text);
  } catch {
    context.addIssue({ code: "custom", message: "not a regular expression (RE2)", input: text });
    return z.NEVER;
  }
});

const variable = /\{\{\s*\.([A-Za-z]+)(?:\.([A-Za-z_]\w*))?\s*\}\}/g;
const known = new Set(["Comm", "ExeBase", "ExeFull", "Username", "PID"]);

/** A group's name as process-exporter writes it: text with {{.Comm}}, {{.ExeBase}}, {{.ExeFull}}, {{.Username}}, {{.PID}}, {{.Matches.Name}}. */
const Template = z.string().superRefine((text, context) => {
  const rest = text.replaceAll(variable, (whole, name: string, match: string | undefined) =>
    name === "Matches" ? (match === undefined ? whole : "") : known.has(name) ? "" : whole,
  );
  if (rest.includes("{{"))
    context.addIssue({
      code: "custom",
      message: `expected variables such as {{.ExeBase}} or {{.Matches.Name}}`,
      input: text,
    });
});

/** What a template says of one process; `valueOf` knows the variables. */
export function fillTemplate(
  template: string,
  valueOf: (name: string, match: string | undefined) => string,
): string {
  return template.replaceAll(variable, (_whole, name: string, match: string | undefined) =>
    valueOf(name, match),
  );
}

const Matcher = z.lazy(() =>
  z
    .strictObject({
      name: Template.default("{{.ExeBase}}"),
      /** Names of /proc/PID/stat, at most 15 characters: one of them. */
      comm: z.array(z.string()).default([]),
      /** The first argument, or its base name where no slash is written: one of them. */
      exe: z.array(z.string()).default([]),
      /** Found in the arguments joined by spaces: all of them. Named groups are {{.Matches.NAME}}. */
      cmdline: z.array(pattern).default([]),
    })
    .refine(
      ({ comm, exe, cmdline }) => comm.length + exe.length + cmdline.length > 0,
      "expected comm, exe or cmdline",
    ),
);
export type Matcher = z.output<typeof Matcher>;

/** `process_names` and the meaning of the switches are those of process-exporter's configuration. */
export const ProcessesConfig = z.lazy(() =>
  z.strictObject({
    /** The first that matches names the group. As delivered: each program that is no thread of the kernel, by its short name. */
    process_names: z
      .array(Matcher)
      .min(1)
      .prefault([{ name: "{{.Comm}}", cmdline: [".+"] }]),
    /** Whether a process that no rule names belongs to the group of its nearest ancestor that has one. */
    children: z.boolean().default(true),
    /** Whether rules are asked again each time, for programs that rename themselves. */
    recheck: z.boolean().default(false),
    /** Proportional memory by smaps_rollup. The kernel walks all pages for it: milliseconds for a process of gigabytes. */
    gather_smaps: z.boolean().default(false),
    /** Groups beyond it are not watched: each is some 20 series. One that is empty gives way. */
    groups_max: z.int().positive().default(200),
    /** Processes beyond it are not looked at: a tick must stay cheap. */
    processes_max: z.int().positive().default(5_000),
    procfs: z.string().startsWith("/", "expected an absolute path").default("/proc"),
  }),
);
export type ProcessesConfig = z.output<typeof ProcessesConfig>;
