/** Sum of the samples of a metric in a process's own /metrics whose labels contain all of `labels`; 0 where there are none. */
export async function readOwnMetric(
  url: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  return sumOfMetric(await (await fetch(new URL("/metrics", url))).text(), name, labels);
}

/** The same of a text in Prometheus's format. */
export function sumOfMetric(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  let sum = 0;
  for (const line of text.split("\n")) {
    if (!line.startsWith(`${name}{`) && !line.startsWith(`${name} `)) continue;
    if (wanted.every((pair) => line.includes(pair)))
      sum += Number(line.slice(line.lastIndexOf(" ") + 1));
  }
  return sum;
}
