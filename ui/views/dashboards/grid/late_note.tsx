import { lateWords, type LateLane } from "../../../dashboards/runner/late.ts";
import { formatExact } from "../../../units/format.ts";
import { Corner } from "../../../widgets/picture.tsx";

type Props = { readonly lanes: readonly LateLane[]; readonly timeZone: string };

/** Says that data of a picture are on their way, whatever its kind: graphs shade the stretch besides. */
export function LateNote({ lanes, timeZone }: Props) {
  if (lanes.length === 0) return null;
  return (
    <Corner state="partial" detail={lateWords(lanes, (ms) => formatExact(ms, timeZone))}>
      incomplete
    </Corner>
  );
}
