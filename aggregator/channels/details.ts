import type { Notification } from "./notification.ts";

/** A chart as a picture for a message. */
export type ChartPicture = {
  readonly png: Uint8Array;
  /** In words, for those who do not see it. */
  readonly alt: string;
  /**
   * Publishes the picture for services that take its address alone; undefined where this server has no address. Anyone who has it may see the
   * picture, and it ends after a day.
   */
  readonly link: () => string | undefined;
};

export type Fact = { readonly name: string; readonly value: string };
export type DetailLink = { readonly title: string; readonly url: string };

/** What a message says of an alert beside the templates: a chart, its value and since when, what changed, and where to go on. */
export type MessageDetails = {
  /** undefined where there is none, or it could not be drawn. */
  readonly chart: ChartPicture | undefined;
  readonly facts: readonly Fact[];
  readonly links: readonly DetailLink[];
};

/** Gives the details of a notification; undefined where there are none. Never rejects, and takes some seconds at most. */
export type DetailsOf = (notification: Notification) => Promise<MessageDetails | undefined>;

/** The name of a chart's file in messages. */
export const chartFileName = "chart.png";

/** The facts as lines of plain text. */
export function factLines({ facts }: MessageDetails): string {
  return facts.map(({ name, value }) => `${name}: ${value}`).join("\n");
}
