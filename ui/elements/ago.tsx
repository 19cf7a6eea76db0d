import { formatAgo, formatExact } from "../units/format.ts";
import { useTimeZone } from "../state/time_zone.ts";

type Props = {
  readonly ms: number;
  readonly nowMs: number;
  readonly className?: string;
};

/** "3 min ago", with the exact time of the page's zone on hover. */
export function Ago({ ms, nowMs, className }: Props) {
  const timeZone = useTimeZone();
  return (
    <time className={className} title={formatExact(ms, timeZone)}>
      {formatAgo(ms, nowMs)}
    </time>
  );
}
