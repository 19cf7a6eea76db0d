import type { ComponentType } from "react";
import type { z } from "zod";
import type { DataLink } from "#shared/dashboards/dashboard.ts";
import type { DataSource } from "../frames/data_source.ts";
import type { Field, Frame } from "../frames/frame.ts";
import type { Incomplete } from "../plot/time_plane.ts";
import type { Window } from "../state/time_range.ts";

/** A moment or a stretch of time with a word, drawn on the time axis. */
export type ChartAnnotation = {
  readonly id: string;
  readonly startMs: number;
  /** Undefined for a moment. */
  readonly endMs: number | undefined;
  readonly title: string;
  readonly text: string;
  readonly tags: readonly string[];
  readonly color: string;
  /** Made by hand, and so can be changed. */
  readonly stored: boolean;
};

/** What a panel is given. Frames are final: transformations and overrides are done. */
export type PanelProps<Options> = {
  /** By which what people arrange in it is kept: `uid/5` of a dashboard's panel; undefined for one that nobody comes back to. */
  readonly id?: string | undefined;
  readonly title: string;
  readonly options: Options;
  readonly frames: readonly Frame[];
  readonly window: Window;
  readonly stepMs: number;
  /** browser, utc or an IANA name. */
  readonly timeZone: string;
  /** Pixels of the panel's body. */
  readonly width: number;
  readonly height: number;
  /** Panels with one key share their crosshair; empty for none. */
  readonly crosshair: string;
  /** Whether each shows its own values at the moment that the pointer is at in another. */
  readonly hasSharedTooltip?: boolean;
  /** Where data are known not to be complete. */
  readonly incomplete?: readonly Incomplete[];
  readonly annotations: readonly ChartAnnotation[];
  readonly onZoom: (startMs: number, endMs: number) => void;
  readonly onZoomOut: () => void;
  /** Adds a label condition to the page; undefined where the page has none. */
  readonly onFilter: ((label: string, op: "=" | "!=", value: string) => void) | undefined;
  /** Opens the form for an annotation by hand; undefined where none can be made. */
  readonly onAnnotate: ((startMs: number, endMs: number | undefined) => void) | undefined;
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
