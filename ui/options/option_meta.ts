/**
 * What a schema's `.meta()` tells the generated editor about one option. Titles are words a person reads; without one the
 * name is shown. Booleans become switches, enums choices, bounded integers sliders, arrays lists, unless `editor` says otherwise.
 */
export type OptionMeta = {
  readonly title: string;
  readonly description?: string;
  /** Heading under which it stands. */
  readonly group?: string;
  readonly editor?:
    | "slider"
    | "text_area"
    | "markdown"
    | "color"
    | "unit"
    | "reducers"
    | "field_name"
    | "field_names"
    | "code";
  /** Names of an enum's values. */
  readonly names?: Readonly<Record<string, string>>;
  /** Shown only where another option of the same object has one of these values. */
  readonly when?: { readonly option: string; readonly is: readonly unknown[] };
};
