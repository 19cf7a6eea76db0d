import type { Variable } from "#shared/dashboards/dashboard.ts";
import { OperatingError } from "#shared/errors.ts";
import { variablesIn } from "./interpolate.ts";

/** Names of the variables of the dashboard that this one is asked with. */
function dependenciesOf(variable: Variable, names: ReadonlySet<string>): readonly string[] {
  return textsOf(variable)
    .flatMap(variablesIn)
    .filter((name, i, all) => names.has(name) && all.indexOf(name) === i);
}

function textsOf(variable: Variable): readonly string[] {
  switch (variable.kind) {
    case "query":
      return [variable.query, variable.regex ?? "", variable.all_value ?? ""];
    case "custom":
      return [...variable.options.map(({ value }) => value), variable.all_value ?? ""];
    case "constant":
    case "text":
      return [variable.value];
    default:
      return [];
  }
}

/**
 * Variables in groups that can be asked at once: each depends on those of earlier groups only. Throws
 * OperatingError("bad_request") naming the ring where some wait for each other.
 */
export function variableOrder(variables: readonly Variable[]): readonly (readonly Variable[])[] {
  const names = new Set(variables.map(({ name }) => name));
  const needs = new Map(variables.map((each) => [each.name, dependenciesOf(each, names)]));
  const groups: Variable[][] = [];
  const done = new Set<string>();
  let left = [...variables];
  while (left.length > 0) {
    const ready = left.filter(({ name }) =>
      (needs.get(name) ?? []).every((each) => done.has(each)),
    );
    if (ready.length === 0) {
      const ring = ringOf(left[0]?.name ?? "", needs);
      throw new OperatingError(
        "bad_request",
        `variables ${ring.join(" → ")} wait for each other, expected one of them without the others`,
      );
    }
    groups.push(ready);
    for (const { name } of ready) done.add(name);
    left = left.filter(({ name }) => !done.has(name));
  }
  return groups;
}

/** Follows what is waited for until a name comes again. */
function ringOf(start: string, needs: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const path: string[] = [];
  let name = start;
  while (!path.includes(name)) {
    path.push(name);
    name =
      (needs.get(name) ?? []).find((each) => reaches(each, each, needs)) ??
      needs.get(name)?.[0] ??
      name;
  }
  return [...path.slice(path.indexOf(name)), name];
}

function reaches(
  from: string,
  to: string,
  needs: ReadonlyMap<string, readonly string[]>,
  seen: Set<string> = new Set(),
): boolean {
  return (needs.get(from) ?? []).some((each) => {
    if (each === to) return true;
    if (seen.has(each)) return false;
    seen.add(each);
    return reaches(each, to, needs, seen);
  });
}
