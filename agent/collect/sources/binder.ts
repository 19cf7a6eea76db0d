import type { z } from "zod";
import { parsedOnce } from "#shared/schema.ts";
import type { ProcessorList } from "../../pipeline/processors/config.ts";
import type { FilePatterns, LogPreview, Source, SourceContext } from "../source.ts";

/** A source with its options checked and bound: all sources look alike from here on. */
export type BoundSource = {
  /** Further keys that every source has; their defaults where the host asks for nothing. */
  readonly processors?: ProcessorList;
  readonly provenance?: boolean;
  readonly name?: string;
  readonly type: string;
  /** Canonical text of the options: two that are equal need no restart. */
  readonly fingerprint: string;
  run(context: SourceContext): Promise<void>;
  readonly preview?: LogPreview;
  /** Of a source that follows files. */
  readonly files?: BoundFiles;
};

/** `isWritten`: a person wrote the paths, instead of taking the usual ones. */
export type BoundFiles = FilePatterns & { readonly isWritten: boolean };

export type Binder = (
  options: unknown,
) => { readonly bound: BoundSource } | { readonly issues: readonly z.core.$ZodIssue[] };

/** Makes what a registry holds of a source: it checks options by the source's own schema. */
export function binder<Type extends string, Config extends z.ZodType>(
  source: Source<Type, Config>,
): Binder {
  return (options) => {
    const parsed = source.config.safeParse(options, parsedOnce);
    if (!parsed.success) return { issues: parsed.error.issues };
    const { data } = parsed;
    const run = (context: SourceContext) => source.run(data, context);
    const preview: LogPreview | undefined =
      source.preview === undefined
        ? undefined
        : (bytes, context) => source.preview?.(data, bytes, context) ?? [];
    const fingerprint = JSON.stringify(options);
    const followed = source.files?.(data);
    const isWritten = typeof options === "object" && options !== null && "paths" in options;
    return {
      bound: {
        type: source.type,
        fingerprint,
        run,
        ...(preview === undefined ? {} : { preview }),
        ...(followed === undefined ? {} : { files: { ...followed, isWritten } }),
      },
    };
  };
}
