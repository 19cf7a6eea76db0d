import { integrationFolder, readBoard } from "./assets.ts";
import { integrations } from "./registry.ts";

/** The dashboards of all integrations, run from source. */
export function integrationBoards() {
  return Object.keys(integrations).map((name) => ({
    name,
    folder: "Integrations",
    board: readBoard(integrationFolder(name)),
  }));
}
