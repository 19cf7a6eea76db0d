import type { ImportMistakes } from "./mistakes.ts";

/** What reading a file may look at. */
export type ReadSurroundings = {
  /** The file's name as it is shown. */
  readonly file: string;
  /** Variables that the file may name. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of this host, which is `constants.hostname` of Alloy. */
  readonly hostname: string;
  /** Promtail expands variables only where it is told to. */
  readonly expandEnv: boolean;
  /** A file that the file includes, by its path beside it. Throws where it can't be read. */
  readonly readBeside: (path: string) => string;
  readonly mistakes: ImportMistakes;
};
