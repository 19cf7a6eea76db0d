/** A parsed template. `at` is an offset in the source. */
export type Operand =
  | { readonly kind: "literal"; readonly value: string | number | bigint | boolean | undefined }
  | { readonly kind: "dot" }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline };

/** An operand and the names behind it: `.a.b`, `$x.y`, `(fromJson .a).b`. */
export type Argument = { readonly operand: Operand; readonly fields: readonly string[] };

export type Command = { readonly args: readonly Argument[]; readonly at: number };

export type Pipeline = {
  readonly commands: readonly Command[];
  /** Variables that take the value: declared with `:=`, or set with `=`. Of two, in a range, the first is the index. */
  readonly variables: readonly string[];
  readonly declares: boolean;
};

export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipeline: Pipeline }
  | { readonly kind: "break" | "continue" }
  /** Executes a named template on the value of the pipeline; nil without one. */
  | { readonly kind: "template"; readonly name: string; readonly pipeline: Pipeline | undefined }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    };

/**
 * Names that a template reads off its labels, or undefined where it may read any. In bodies of range and with the dot is something
 * else, whose names are counted all the same: more may be read than is needed.
 */
export function namesRead(nodes: readonly TemplateNode[]): Set<string> | undefined {
  const names = new Set<string>();
  let isAny = false;
  const readPipeline = ({ commands }: Pipeline): void => {
    for (const { args } of commands)
      for (const { operand, fields } of args) {
        if (operand.kind === "pipeline") readPipeline(operand.pipeline);
        if (operand.kind === "dot" || (operand.kind === "variable" && operand.name === "$")) {
          const [first] = fields;
          if (first === undefined) isAny = true;
          else names.add(first);
        }
        if (operand.kind === "function" && operand.name === "index") isAny = true;
      }
  };
  const read = (list: readonly TemplateNode[]): void => {
    for (const node of list) {
      if (node.kind === "action") readPipeline(node.pipeline);
      if (node.kind === "if" || node.kind === "with" || node.kind === "range") {
        readPipeline(node.pipeline);
        read(node.body);
        read(node.otherwise);
      }
    }
  };
  read(nodes);
  return isAny ? undefined : names;
}
