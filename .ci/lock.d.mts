type Entry = {
  readonly version: string;
  readonly cpu: readonly string[];
  readonly os: readonly string[];
  readonly libc?: readonly string[];
  readonly dev?: true;
  readonly optional: true;
};
type Lock = { readonly packages: Readonly<Record<string, object>> };

export function missingEntries(
  lock: Lock,
): { by: string; name: string; version: string; isOptional: boolean }[];
export function platformEntry(name: string, version: string, parent: object): Entry;
export function completed(lock: Lock): Lock;
