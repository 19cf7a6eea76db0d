import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assetFiles, integrationFolder } from "./assets.ts";
import { integrations } from "./registry.ts";

/** Rules and objectives of all integrations as their files have them, run from source. */
export function integrationRuleTexts() {
  return Object.keys(integrations).map((kind) => ({
    kind,
    files: [provided(kind, "rules"), provided(kind, "slo")],
  }));
}

function provided(kind: string, asset: "rules" | "slo") {
  const name = assetFiles[asset];
  return {
    file: `integrations/${kind}/${name}`,
    form: asset === "rules" ? ("rules" as const) : ("objectives" as const),
    text: readFileSync(join(integrationFolder(kind), name), "utf8"),
  };
}
