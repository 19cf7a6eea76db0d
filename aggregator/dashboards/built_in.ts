import type { Board } from "#shared/dashboards/board.ts";
import { fromBoard } from "#shared/dashboards/from_board.ts";
import { lapwingDocument } from "./document.ts";
import type { Provided } from "./summary.ts";

/** A board that comes with Lapwing. */
export type BuiltInBoard = {
  /** Unique among them. */
  readonly name: string;
  readonly folder: string;
  readonly board: Board;
};

/** Reads the boards when somebody asks for the first time: a start does not wait for them. */
export type LoadBoards = () => Promise<readonly BuiltInBoard[]>;

/** Begins the uids of built-in dashboards; no file gets one that begins so. */
export const builtInPrefix = "lapwing-";

/** The boards as dashboards, by uid; read once. */
export function builtInDashboards(load: LoadBoards): () => Promise<ReadonlyMap<string, Provided>> {
  let loaded: Promise<ReadonlyMap<string, Provided>> | undefined;
  return () =>
    (loaded ??= load().then(
      (boards) => new Map(boards.map((one) => [`${builtInPrefix}${one.name}`, providedBy(one)])),
    ));
}

function providedBy({ name, folder, board }: BuiltInBoard): Provided {
  const document = lapwingDocument(fromBoard(board), name);
  const { title, description, tags, panels } = document;
  return {
    summary: {
      uid: `${builtInPrefix}${name}`,
      title,
      description,
      folder,
      tags,
      origin: "built_in",
      source: name,
      version: 1,
      updatedMs: 0,
      panels,
      fault: "",
    },
    document,
  };
}
