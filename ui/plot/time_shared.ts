import type { Incomplete } from "./time_plane.ts";

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

/** What a picture over time shares with the others. */
export type TimeShared = {
  /** browser, utc or an IANA name. */
  readonly timeZone: string;
  /** Panels with one key share their crosshair; empty for none. */
  readonly crosshair: string;
  /** Whether each shows its own values at the moment that the pointer is at in another. */
  readonly hasSharedTooltip?: boolean;
  /** Where data are known not to be complete. */
  readonly incomplete?: readonly Incomplete[];
  readonly annotations: readonly ChartAnnotation[];
  readonly onZoom: (startMs: number, endMs: number) => void;
  readonly onZoomOut: () => void;
  /** Opens the form for an annotation by hand; undefined where none can be made. */
  readonly onAnnotate: ((startMs: number, endMs: number | undefined) => void) | undefined;
};
