import type { MissingFields } from "../missing_fields.ts";
import { placeOf } from "./vrl_conditions.ts";
import type { VrlStatement } from "./vrl_parser.ts";

/** Notes the fields that a statement would make: it is left out. */
export function missTargets(statement: VrlStatement, missing: MissingFields): void {
  for (const path of targetsOf(statement))
    if (path === ".") missing.addUnnamed();
    else if (placeOf(path) !== "body") missing.add(placeOf(path));
}

function targetsOf(statement: VrlStatement): string[] {
  switch (statement.kind) {
    case "assign":
      return statement.target.kind === "field" ? [statement.target.path] : [];
    case "if":
      return [...statement.body, ...(statement.otherwise ?? [])].flatMap(targetsOf);
    case "unread":
      return [...statement.text.matchAll(assigned)].map(([, path = ""]) => path);
    case "abort":
    case "expression":
      return [];
  }
}

/** `.x =`, `.x, err =` and `.x |=` in the text of a statement. */
const assigned = /(?:^|[\s{;(])(\.[\w.@]*)\s*(?:,\s*\w+\s*)?\|?\??=(?![=~])/g;
