import { parse } from "yaml";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { messageOf, OperatingError } from "#shared/errors.ts";
import { importGrafana } from "../../../dashboards/grafana/import.ts";

/** A dashboard that was read, and what of its source it lacks. */
export type Imported = {
  readonly dashboard: Dashboard;
  readonly uid: string | undefined;
  readonly notes: readonly { readonly path: string; readonly why: string }[];
};

/** Reads Lapwing's format in JSON or YAML, or Grafana's JSON. Throws OperatingError("bad_request") for anything else. */
export function readImport(text: string): Imported {
  const value = parsed(text);
  const isOurs =
    typeof value === "object" &&
    value !== null &&
    "rows" in value &&
    "version" in value &&
    value.version === 1 &&
    !("panels" in value) &&
    !("schemaVersion" in value);
  if (!isOurs) return importGrafana(value);
  const checked = Dashboard.safeParse(value);
  if (checked.success) return { dashboard: checked.data, uid: undefined, notes: [] };
  const mistakes = checked.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new OperatingError(
    "bad_request",
    `this is no dashboard of Lapwing: ${mistakes.join("; ")}`,
  );
}

const yamlMax = 250_000;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (jsonError) {
    // The reader of YAML takes some seconds for a megabyte.
    if (text.length > yamlMax)
      throw new OperatingError(
        "bad_request",
        `this is no JSON (${messageOf(jsonError)}), and for YAML it has ${text.length} letters, expected at most ${yamlMax}`,
      );
    // YAML takes nearly any text as one string: that is no document.
    try {
      const value: unknown = parse(text, { maxAliasCount: 100 });
      if (typeof value === "object" && value !== null) return value;
    } catch {
      // Its message says less to a person who pasted JSON.
    }
    throw new OperatingError(
      "bad_request",
      `this is neither JSON nor YAML: ${messageOf(jsonError)}`,
    );
  }
}
