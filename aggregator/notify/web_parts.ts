import type { PublishedCharts } from "./charts/published_charts.ts";
import type { PushBook } from "./push/push_book.ts";

/** What browsers and services of others reach of the notifier, beside API v2. */
export type WebParts = { readonly push: PushBook; readonly charts: PublishedCharts };
