import { z } from "zod";
import { scalarText } from "#shared/relabel/scalar_text.ts";
import { OperatingError } from "#shared/errors.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { ProbeTls, SearchRegex, ipShape } from "../net/options.ts";
import { parseJsonPath } from "./json_path.ts";
import { variablesIn } from "./template.ts";

const variableName = z.string().regex(/^[a-zA-Z_]\w*$/, "expected a name such as user_id");

const Path = z.string().transform((text, context) => {
  try {
    return parseJsonPath(text);
  } catch (thrown) {
    if (!(thrown instanceof OperatingError)) throw thrown;
    context.addIssue({ code: "custom", message: thrown.message, input: text });
    return z.NEVER;
  }
});

const texts = { matches: SearchRegex.optional(), not_matches: SearchRegex.optional() } as const;

const Assertions = z.strictObject({
  /** Any of them; 2xx without. */
  status: z.array(z.int().min(100).max(599)).default([]),
  /** From the begin of the request to the end of the body. */
  latency_max: duration.optional(),
  headers: z
    .array(z.strictObject({ name: z.string().min(1), equals: scalarText.optional(), ...texts }))
    .default([]),
  /** Each holds if it does for one of the values that the path leads to. */
  json: z
    .array(
      z.strictObject({
        path: Path,
        equals: z.json().optional(),
        /** false: the path leads nowhere. */
        exists: z.boolean().optional(),
        ...texts,
      }),
    )
    .default([]),
  body: z.array(z.strictObject(texts)).default([]),
});

const Extraction = z
  .strictObject({
    json: Path.optional(),
    header: z.string().min(1).optional(),
    /** Of the body, or of the header where one is named: its first group, or all that it takes. */
    regexp: SearchRegex.optional(),
  })
  .refine((from) => from.json === undefined || (from.header ?? from.regexp) === undefined, {
    error: "give json, or header, or regexp, or header and regexp",
  })
  .refine((from) => (from.json ?? from.header ?? from.regexp) !== undefined, {
    error: "give json, header or regexp",
  });
export type Extraction = z.output<typeof Extraction>;

const Step = z.strictObject({
  /** Label `step`. */
  name: z.string().regex(/^[\w.-]{1,100}$/, "expected letters, digits, '_', '-' and '.'"),
  method: z
    .string()
    .regex(/^[A-Z]+$/, "expected a method such as GET")
    .default("GET"),
  /** Relative to the target, or whole. */
  url: z.string().default(""),
  headers: z.record(z.string(), scalarText).default({}),
  body: z.string().default(""),
  follow_redirects: z.boolean().default(false),
  assert: Assertions.prefault({}),
  extract: z.record(variableName, Extraction).default({}),
});
export type ApiStep = z.output<typeof Step>;

/** Requests one after the other, with what each must answer, and what the next ones take from it. */
export const ApiProbe = z
  .strictObject({
    ...ipShape,
    tls_config: ProbeTls.prefault({}),
    enable_http2: z.boolean().default(true),
    body_size_limit: byteSize.prefault("1MiB"),
    variables: z.record(variableName, scalarText).default({}),
    /** Variables whose values stand in files, read anew for each probe, and are never shown. */
    variable_files: z.record(variableName, z.string().min(1)).default({}),
    steps: z.array(Step).min(1).max(50),
  })
  .superRefine(({ steps, variables, variable_files: files }, context) => {
    const known = new Set([...Object.keys(variables), ...Object.keys(files)]);
    const names = new Set<string>();
    for (const [i, step] of steps.entries()) {
      const fault = (key: string, message: string) =>
        context.addIssue({ code: "custom", path: ["steps", i, key], message, input: step });
      if (names.has(step.name)) fault("name", `step "${step.name}" is there twice`);
      names.add(step.name);
      const used = {
        url: step.url,
        headers: Object.values(step.headers).join(" "),
        body: step.body,
      };
      for (const [key, text] of Object.entries(used))
        for (const name of variablesIn(text))
          if (!known.has(name)) fault(key, `no variable "${name}" here`);
      for (const name of Object.keys(step.extract)) known.add(name);
    }
  });
export type ApiProbe = z.output<typeof ApiProbe>;
