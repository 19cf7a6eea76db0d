/** What Prometheus and the aggregator put before the annotations of PromQL that are no warnings. */
const infoStart = "PromQL info: ";

/** Whether a notice is only an info: the answer is whole, and may be just what was asked for. */
export function isInfo(notice: string): boolean {
  return notice.startsWith(infoStart);
}
