import type { LinearRegex } from "#shared/text/linear_regex.ts";

const reference = /\$(?:\$|\{(\w+)\}|(\w+))/g;

/** A text in which "$1", "${1}" and "${name}" stand for what a match's groups took, and "$$" for a dollar (Go's Regexp.Expand). */
export function expand(
  template: string,
  regex: LinearRegex,
  groups: readonly (string | undefined)[],
): string {
  return template.replaceAll(reference, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare;
    if (name === undefined) return whole === "$$" ? "$" : whole;
    const index = /^\d+$/.test(name) ? Number(name) : regex.groups.get(name);
    return index === undefined ? "" : (groups[index] ?? "");
  });
}
