import type { ComponentType } from "react";
import type { z } from "zod";
import type { DataLink } from "#shared/dashboards/dashboard.ts";
import type { DataSource } from "../frames/data_source.ts";
import type { Field, Frame } from "../frames/frame.ts";
import type { TimeShared } from "../plot/time_shared.ts";
import type { Window } from "../state/time_range.ts";

/** What a panel is given. Frames are final: transformations and overrides are done. */
export type PanelProps<Options> = TimeShared & {
  /** By which what people arrange in it is kept: `uid/5` of a dashboard's panel; undefined for one that nobody comes back to. */
  readonly id?: string | undefined;
  readonly title: string;
  readonly options: Options;
  readonly frames: readonly Frame[];
  readonly window: Window;
  readonly stepMs: number;
  /** Pixels of the panel's body. */
  readonly width: number;
  readonly height: number;
  /** Adds a label condition to the page; undefined where the page has none. */
  readonly onFilter: ((label: string, op: "=" | "!=", value: string) => void) | undefined;
  /** Fills variables into a text: `format` as in ${name:format}, by default as the text says. */
  readonly interpolate: (text: string, format?: string) => string;
  /** Links of a cell or point, filled in; only addresses that are safe to open. */
  readonly linksOf: (field: Field, index: number) => readonly DataLink[];
};

/** A panel of a Grafana dashboard, as far as kinds look at it. Nothing of it is trusted. */
export type GrafanaPanelSource = {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** fieldConfig.defaults.custom. */
  readonly custom: Readonly<Record<string, unknown>>;
  /** The whole panel, for kinds that kept their options elsewhere in older versions. */
  readonly panel: Readonly<Record<string, unknown>>;
};

/** Says that something of the source is not carried over: where in it, and why. */
export type ImportNote = (path: string, why: string) => void;

/** A kind of panel: one folder in ui/panels, one line in the list. Its editor is generated from its two schemas. */
export type PanelKind = {
  /** As stored: "timeseries". Never changed once released. */
  readonly kind: string;
  readonly name: string;
  readonly description: string;
  /** Grafana's panel types that become this one. */
  readonly grafanaTypes: readonly string[];
  /** Whether it draws answers of queries; a text panel does not. */
  readonly asks: boolean;
  /** What a new panel's query asks; metrics where absent. */
  readonly usualSource?: DataSource;
  /** Strict objects with a default for every option; `.meta()` has what the editor shows: see option_meta.ts. */
  readonly options: z.ZodType;
  /** The kind's own options of a field (FieldOptions.custom). */
  readonly fieldOptions: z.ZodType;
  /** Options and field options from Grafana's, both to be checked by the schemas. */
  readonly fromGrafana: (
    source: GrafanaPanelSource,
    note: ImportNote,
  ) => {
    readonly options: Record<string, unknown>;
    readonly custom: Record<string, unknown>;
  };
  /** A small frame that shows what the kind looks like, for the picker and for tests. */
  readonly sample: () => readonly Frame[];
  /** Its component, loaded when one comes into view. Options that the schema refused never reach it. */
  // eslint-disable-next-line typescript/no-explicit-any -- each kind's own options; the schema above checks them
  readonly load: () => Promise<ComponentType<PanelProps<any>>>;
};
