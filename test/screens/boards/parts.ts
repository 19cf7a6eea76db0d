/** A dashboard that is put on the server before pictures are taken. */
export type Given = {
  readonly uid: string;
  readonly folder: string;
  readonly document: Readonly<Record<string, unknown>>;
};

type Place = readonly [x: number, y: number, w: number, h: number];

/** A panel of one query, or of none where the text is empty; `more` says everything else. */
export function panel(
  id: number,
  kind: string,
  title: string,
  [x, y, w, h]: Place,
  expr = "",
  more: Readonly<Record<string, unknown>> = {},
) {
  const queries = expr === "" ? [] : [{ ref: "A", expr }];
  return { id, kind, title, place: { x, y, w, h }, queries, ...more };
}
