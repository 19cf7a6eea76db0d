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
  /** Resolves when the published picture is kept: a message with its address is sent after that. Never rejects. */
  readonly settled: () => Promise<void>;
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

/** Adds the picture to a form of files. */
export function addChart(form: FormData, field: string, { png }: ChartPicture): FormData {
  form.set(field, new Blob([Buffer.from(png)], { type: "image/png" }), chartFileName);
  return form;
}

/** The address of the chart; undefined where there is none, or only one without TLS: for services that show pictures by HTTPS alone. */
export function secureLink(details: MessageDetails | undefined): string | undefined {
  const url = details?.chart?.link();
  return url?.startsWith("https:") === true ? url : undefined;
}

/** The links on one line of Markdown. */
export function markdownLinks({ links }: MessageDetails): string {
  return links.map(({ title, url }) => `[${title}](${url.replaceAll(")", "%29")})`).join(" · ");
}

/** Facts and links in Markdown, a line each: two spaces at the end of a line break it. */
export function markdownDetails(details: MessageDetails): string {
  const facts = details.facts.map(({ name, value }) => `**${name}**: ${value}`);
  return [...facts, markdownLinks(details)].filter(Boolean).join("  \n");
}

/** The facts as lines of plain text. */
export function factLines({ facts }: MessageDetails): string {
  return facts.map(({ name, value }) => `${name}: ${value}`).join("\n");
}
