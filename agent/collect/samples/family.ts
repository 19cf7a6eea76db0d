import type { MetricFamily, MetricType } from "#shared/model/metrics.ts";

/** A metric family and the names of its own labels, in the order in which values are handed to `add`. */
export type Family = MetricFamily & {
  readonly labelNames: readonly string[];
  /** The family that its metadata is told of, where that has another name: `x` for `x_bucket` of a histogram. */
  readonly partOf?: string;
};

export type SampleSink = {
  /** One sample of this tick. Label values stand in the order of family.labelNames; an empty one leaves the label out. */
  add(family: Family, value: number, ...labelValues: readonly string[]): void;
};

export function gauge(name: string, help: string, labelNames: readonly string[] = []): Family {
  return family("gauge", name, help, labelNames);
}

export function counter(name: string, help: string, labelNames: readonly string[] = []): Family {
  return family("counter", name, help, labelNames);
}

/** For numbers of a service or kernel whose kind is not known one by one. */
export function untyped(name: string, help: string, labelNames: readonly string[] = []): Family {
  return family("unknown", name, help, labelNames);
}

/** Families whose names come from what is observed: made at the first sight of a key, then looked up. */
export function familiesByKey(make: (key: string) => Family): (key: string) => Family {
  const known = new Map<string, Family>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    known.set(key, made);
    return made;
  };
}

function family(
  type: MetricType,
  name: string,
  help: string,
  labelNames: readonly string[],
): Family {
  return { name, type, help, unit: "", labelNames };
}
