import type { Hono } from "hono";
import type { MissingBlocks } from "../../../read/missing_blocks.ts";
import type { SeriesRequest } from "../../../read/source.ts";
import { type LokiParts, basePath, reads, readsData } from "./context.ts";
import { detectedLabels } from "./detected_labels.ts";
import { type LokiParameters, rangeOf } from "./parameters.ts";
import { selectorOf } from "./selector.ts";

/** labels, label values, series, detected_labels: what streams there are. */
export function seriesRoutes(app: Hono, parts: LokiParts): void {
  const { logs } = parts;
  const request = (p: LokiParameters, missing: MissingBlocks) => ({
    ...seriesRequest(p, parts),
    missing,
  });
  for (const path of ["/labels", "/label"])
    readsData(app, basePath + path, (p, _, missing) => logs.labelNames(request(p, missing)));
  readsData(app, `${basePath}/label/:name/values`, (p, c, missing) =>
    logs.labelValues(c.req.param("name") ?? "", request(p, missing)),
  );
  readsData(app, `${basePath}/series`, (p, _, missing) => logs.series(request(p, missing)));
  reads(app, `${basePath}/detected_labels`, async (p, _, missing) => ({
    detectedLabels: await detectedLabels(logs, request(p, missing)),
  }));
}

function seriesRequest(p: LokiParameters, { tenant, now }: LokiParts): SeriesRequest {
  const { startNs, endNs } = rangeOf(p, now());
  const texts = p
    .all("match", "match[]", "query")
    .filter((text) => !/^\s*(?:\{\s*\})?\s*$/.test(text));
  return {
    tenant,
    selectors: texts.map((text) => selectorOf(text)),
    startMs: Number(startNs / 1_000_000n),
    endMs: Number(endNs / 1_000_000n),
  };
}
