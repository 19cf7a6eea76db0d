import type { Target } from "../../client/query_service.ts";

const ranks: Readonly<Record<string, number>> = { down: 0, unknown: 1, up: 2 };

/** All words must be in the job, the address, a label or the last error; those that fail come first. */
export function findTargets(
  targets: readonly Target[],
  { words, isFailing }: { readonly words: string; readonly isFailing: boolean },
): Target[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return targets
    .filter(({ pool, url, labels, lastError, health }) => {
      if (isFailing && health !== "down") return false;
      if (wanted.length === 0) return true;
      const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
      const text = [pool, url, lastError, ...pairs].join("\n").toLowerCase();
      return wanted.every((word) => text.includes(word));
    })
    .toSorted(
      (a, b) =>
        (ranks[a.health] ?? 1) - (ranks[b.health] ?? 1) ||
        a.pool.localeCompare(b.pool) ||
        a.url.localeCompare(b.url, undefined, { numeric: true }),
    );
}
