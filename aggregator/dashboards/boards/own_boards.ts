import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Board } from "#shared/dashboards/board.ts";
import type { BuiltInBoard } from "../built_in.ts";

/** Every board beside this file, without its ".yaml"; sorted. */
export const ownBoardNames = [
  "agents",
  "alerts",
  "hosts",
  "lapwing",
  "logs",
  "probes",
  "scrapes",
] as const;

const folder = "Lapwing";

/** Boards of what every install has, whatever runs on its hosts. */
export function ownBoards(): Promise<BuiltInBoard[]> {
  return Promise.all(
    ownBoardNames.map(async (name) => {
      const text = await readFile(join(import.meta.dir, `${name}.yaml`), "utf8");
      return { name, folder, board: Board.parse(Bun.YAML.parse(text)) };
    }),
  );
}
