/**
 * Which catalog wrote an object, and which start of a process over it (its claim). Two catalogs that are copies of each other share
 * the id, and no claim that was made after the copy.
 */
export type StorageWriter = { readonly catalogId: string; readonly claim: string };

/** As a block's footer has it (`lapwing_writer`). */
export function writerText({ catalogId, claim }: StorageWriter): string {
  return `${catalogId}/${claim}`;
}

/** undefined for what is no writer. */
export function parseWriter(text: string): StorageWriter | undefined {
  const [catalogId = "", claim = "", ...rest] = text.split("/");
  return catalogId === "" || claim === "" || rest.length > 0 ? undefined : { catalogId, claim };
}
