import { OperatingError } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { LogsSource } from "../read/source.ts";

/** Label sets of streams that are listed at once; they take a kilobyte each. */
const listedMax = 200_000;

/** What can be listed of streams, by the one way to visit them. Names and values are listed however many streams have them. */
export function streamLists(
  eachStream: LogsSource["eachStream"],
  max = listedMax,
): Pick<LogsSource, "eachStream" | "series" | "labelNames" | "labelValues"> {
  return {
    eachStream,
    series: async (request) => {
      const found = new Map<string, Labels>();
      await eachStream(request, (labels, key = labelsKey(labels)) => {
        if (found.has(key)) return;
        if (found.size >= max)
          throw new OperatingError(
            "bad_request",
            `more than ${max} streams match; consider adding more specific stream selectors or reducing the time range`,
          );
        found.set(key, labels);
      });
      return [...found.keys()].toSorted().map((key) => found.get(key) ?? {});
    },
    labelNames: async (request) => {
      const names = new Set<string>();
      await eachStream(request, (labels) => {
        for (const name in labels) names.add(name);
      });
      return [...names].toSorted();
    },
    labelValues: async (name, request) => {
      const values = new Set<string>();
      await eachStream(request, (labels) => {
        const value = labels[name];
        if (value !== undefined && value !== "") values.add(value);
      });
      return [...values].toSorted();
    },
  };
}
